//go:build ascend && cgo && linux

package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	aclfake "mnv2/csrc/fake/acl"
	"mnv2/internal/cli"
	"mnv2/internal/shareddata"
)

// TestCheckOfTheStandIn puts the stand-in through every step, as its owner would a real NPU.
func TestCheckOfTheStandIn(t *testing.T) {
	if testing.Short() {
		shareddata.Skip(t, "slow", "it takes a minute, and -short was asked for")
	}
	install, err := aclfake.Build(aclfake.Options{Layout: aclfake.Old})
	if errors.Is(err, aclfake.ErrNoCompiler) {
		shareddata.Skip(t, "gcc", err)
	}
	require.NoError(t, err)
	for _, v := range install.Env() {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	t.Setenv("MNV2_FAKE_ACL_QUIET", "1")
	stdout, stderr, code := checked(t, "--check", "ascend", "--quick", "--format", "json")
	assert.Equal(t, cli.Done, code, "%s\n%s", stderr, stdout)
	var steps []string
	for line := range strings.Lines(stdout) {
		var s struct{ Step, Archive string }
		require.NoError(t, json.Unmarshal([]byte(line), &s))
		if s.Step != "" {
			steps = append(steps, s.Step)
		} else {
			assert.FileExists(t, s.Archive)
		}
	}
	assert.Equal(t, []string{"device", "suite", "operations", "blocks", "training", "speed", "profile", "inventory", "runtime", "questions", "misuse"}, steps)
}

// A device whose environment is not set gives one line, and exit 3.
func TestCheckWithoutAnInstallation(t *testing.T) {
	t.Setenv("ASCEND_HOME_PATH", "")
	t.Setenv("HOME", "/no/such")
	stdout, stderr, code := checked(t, "--check", "ascend")
	assert.Equal(t, cli.NoDevice, code)
	assert.Contains(t, stderr, "CANN is not installed")
	assert.Contains(t, stdout, "The archive to send: ")
}
