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

// TestCheckOfTheCUDAStandIn makes the steps that the stand-ins, which run every thread of a kernel one after the other, get
// through in no time. The others are the same for every device.
func TestCheckOfTheCUDAStandIn(t *testing.T) {
	folder, err := fakenv.Kept()
	if errors.Is(err, fakenv.ErrNoCompiler) {
		shareddata.Skip(t, "gcc", err)
	}
	require.NoError(t, err)
	t.Setenv(nv.EnvLibs, "only:"+folder)
	stdout, stderr, code := checked(t, "--check", "cuda", "--quick", "--steps", "device,inventory")
	assert.Equal(t, cli.Done, code, "%s\n%s", stderr, stdout)
	assert.Contains(t, stdout, "Nothing is wrong.")
	assert.Contains(t, stdout, "Stand-in")
}
