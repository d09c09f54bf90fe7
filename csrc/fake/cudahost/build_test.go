package cudahost

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/internal/shareddata"
)

// TestKernelsOnTheHost builds the library and runs testdata/selftest.cc on it.
func TestKernelsOnTheHost(t *testing.T) {
	if _, err := exec.LookPath(compiler()); err != nil {
		shareddata.Skip(t, "gcc", err)
	}
	dir := t.TempDir()
	lib, err := Build(dir)
	require.NoError(t, err)
	program := filepath.Join(dir, "selftest")
	out, err := exec.Command(compiler(), "-std=c++17", "-O1", "-Wall", "-I", dir, "-o", program,
		filepath.Join("testdata", "selftest.cc"), lib, "-Wl,-rpath,"+dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "MNV2_CUDAHOST_CACHE="+filepath.Join(dir, "cache"))
	out, err = cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestBuildSaysWhatFailed(t *testing.T) {
	t.Setenv("CXX", "no-such-compiler")
	_, err := Build(t.TempDir())
	require.ErrorContains(t, err, "no-such-compiler")
}
