//go:build cuda && cgo && linux

package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fakenv "mnv2/csrc/fake/nv"
	"mnv2/csrc/nv"
	"mnv2/internal/cli"
	"mnv2/internal/shareddata"
)

// TestNoGPU wants one clear line and exit 3 from a build with GPUs where there is none.
func TestNoGPU(t *testing.T) {
	t.Setenv(nv.EnvLibs, "only:"+t.TempDir())
	t.Chdir(t.TempDir())
	_, stderr, code := call(t, "bench", "--device", "cuda")
	assert.Equal(t, cli.NoDevice, code)
	assert.Contains(t, stderr, `--device "cuda": cuda:0: open: there is no NVIDIA driver: libcuda.so.1`)
	assert.Contains(t, stderr, "set "+nv.EnvLibs+" to the folder that has them")
	assert.Contains(t, stderr, "found: cpu ")

	stdout, _, code := call(t, "devices", "--format", "json")
	assert.Zero(t, code)
	assert.Contains(t, stdout, `"driver":"cuda"`)
	assert.Contains(t, stdout, "there is no NVIDIA driver")
	for line := range strings.Lines(stdout) {
		assert.True(t, json.Valid([]byte(line)), line)
	}
}

// TestDevicesListsGPUs on the stand-in.
func TestDevicesListsGPUs(t *testing.T) {
	folder, err := fakenv.Kept()
	if errors.Is(err, fakenv.ErrNoCompiler) {
		shareddata.Skip(t, "gcc", err)
	}
	require.NoError(t, err)
	t.Setenv(nv.EnvLibs, "only:"+folder)
	stdout, _, code := call(t, "devices")
	assert.Zero(t, code)
	for _, want := range []string{"cuda:0   Stand-in 9.0, 8.0 GiB, layout nhwc", "compute capability: 9.0", "NVRTC: 12.9 " + folder, "CUDA driver: CUDA 12.9 " + folder,
		"NVML: 12.575.57.08 " + folder, "NVIDIA driver: 575.57.08", "37 % busy, 0.0 of 8.0 GiB in use, 41 °C, 91.5 of 700 W, " +
			"clocks limited by power cap and heat, ECC on with 2 uncorrected errors, MIG off"} {
		assert.Contains(t, stdout, want)
	}
}
