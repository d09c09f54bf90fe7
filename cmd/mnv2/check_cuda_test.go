//go:build cuda && cgo && linux

package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fakenv "mnv2/csrc/fake/nv"
	"mnv2/csrc/nv"
	"mnv2/internal/cli"
	"mnv2/internal/shareddata"
)

// TestCheckOfTheCUDAStandIn makes the steps that the stand-ins get through in a reasonable time.
func TestCheckOfTheCUDAStandIn(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	folder, err := fakenv.Kept()
	if errors.Is(err, fakenv.ErrNoCompiler) {
		shareddata.Skip(t, "gcc", err)
	}
	require.NoError(t, err)
	t.Setenv(nv.EnvLibs, "only:"+folder)
	stdout, stderr, code := checked(t, "--check", "cuda", "--quick", "--steps", "device,training,speed,inventory", "--verbose")
	assert.Equal(t, cli.Done, code, "%s\n%s", stderr, stdout)
	assert.Contains(t, stdout, "Nothing is wrong.")
	t.Log(stdout)
}
