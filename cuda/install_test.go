//go:build cgo && linux

package cuda

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	fakenv "mnv2/csrc/fake/nv"
	"mnv2/csrc/nv"
)

// probeVariable makes the test binary, in a process of its own, open the first GPU of what the environment names.
const probeVariable = "MNV2_TEST_CUDA_PROBE"

func TestMain(m *testing.M) {
	if os.Getenv(probeVariable) != "" {
		os.Exit(printOpen())
	}
	os.Exit(m.Run())
}

// printOpen prints why there is no device, or what is said of its libraries. It returns the exit status: 0 if the first GPU
// opened, 3 if there is none, 1 for errors that do not say so.
func printOpen() int {
	b, err := Open(0, Options{})
	switch {
	case errors.Is(err, backend.ErrUnavailable):
		fmt.Println(err)
		return 3
	case err != nil:
		fmt.Println(err)
		return 1
	}
	fmt.Println(b.Info().Versions)
	if err := b.Close(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// without returns a copy of the stand-ins that lacks some files.
func without(t *testing.T, missing ...string) string {
	t.Helper()
	folder, err := fakenv.Kept()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(folder)))
	for _, name := range missing {
		require.NoError(t, os.Remove(filepath.Join(dir, name)))
	}
	return dir
}

// lacking returns stand-ins that lack some functions, as older libraries do.
func lacking(t *testing.T, functions ...string) string {
	t.Helper()
	folder, err := fakenv.Kept(functions...)
	require.NoError(t, err)
	return folder
}

// TestInstallationsThatDoNotWork wants one clear line each. Every case has a process of its own, because loaded libraries stay.
func TestInstallationsThatDoNotWork(t *testing.T) {
	standIn(t) // skips where nothing can be built
	whole, err := fakenv.Kept()
	require.NoError(t, err)
	for _, c := range []struct {
		name   string
		folder string
		env    string
		status int
		says   string
	}{
		{"nothing", t.TempDir(), "", 3, "there is no NVIDIA driver: libcuda.so.1; NVRTC (CUDA's run-time compiler) for CUDA 13 or older is missing"},
		{"no driver", without(t, fakenv.Driver), "", 3, "there is no NVIDIA driver: libcuda.so.1 (looked in "},
		{"toolkit's stub", whole, "MNV2_FAKE_STUB=1", 3, "is the toolkit's stub, for linking only"},
		{"old driver", whole, "MNV2_FAKE_DRIVER=11040", 3, "is for CUDA 11.4, and 11.8 is the oldest supported (driver 520)"},
		{"driver lacks functions", lacking(t, "cuMemAllocAsync", "cuGraphLaunch"), "", 3, "the NVIDIA driver cannot be used"},
		{"no device", whole, "MNV2_FAKE_DEVICES=0", 3, "CUDA_ERROR_NO_DEVICE"},
		{"old device", whole, "MNV2_FAKE_CC=7.5", 3, "has compute capability 7.5, and 8.0 is the oldest supported"},
		{"no NVRTC", without(t, fakenv.NVRTC), "", 3, "NVRTC (CUDA's run-time compiler) for CUDA 12 or older is missing (looked in "},
		{"no builtins", without(t, fakenv.Builtins), "", 3, "its libnvrtc-builtins.so.12.9 is missing"},
		{"NVRTC older than the device", whole, "MNV2_FAKE_CC=11.0", 3, "NVRTC 12.9 does not know sm_110 (Stand-in 11.0): install a newer one"},
		{"no cuDNN", without(t, fakenv.DNN), "", 0, "cuDNN:not in use (cuDNN 9 for CUDA 12 is missing): all operations run on kernels of our own"},
		{"old cuDNN", whole, "MNV2_FAKE_CUDNN=8907", 0, "is version 8.9.7, and 9.0 is the oldest supported): all operations run on kernels of our own"},
		{"everything", whole, "", 0, "cuDNN:9.13.0 for CUDA 12.9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), probeVariable+"=1", nv.EnvLibs+"=only:"+c.folder, c.env)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil {
				require.ErrorAs(t, err, &exit)
			}
			assert.Equal(t, c.status, cmd.ProcessState.ExitCode(), "%s", out)
			assert.Contains(t, string(out), c.says)
			assert.Equal(t, 1, strings.Count(string(out), "\n"), "one line: %s", out)
		})
	}
}

// TestDevicesThatAreNotThere asks for numbers beyond the last.
func TestDevicesThatAreNotThere(t *testing.T) {
	standIn(t, "MNV2_FAKE_DEVICES=2")
	infos, err := Driver.Probe()
	require.NoError(t, err)
	require.Len(t, infos, 2)
	assert.Equal(t, "cuda:1", infos[1].Device)
	for _, index := range []int{2, -1} {
		_, err = Open(index, Options{})
		require.ErrorIs(t, err, backend.ErrUnavailable)
		assert.ErrorContains(t, err, "there are 2 GPUs")
	}
	b, err := Driver.Open(1)
	require.NoError(t, err)
	require.NoError(t, b.Close())
}
