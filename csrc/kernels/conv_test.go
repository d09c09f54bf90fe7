package kernels

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/csrc/fake/cudahost"
	"mnv2/internal/shareddata"
)

// TestConvolutions runs the kernels of convolutions on the host: for each source the program of the same name in testdata, which
// compares with float64 loops, with blocks first to last, last to first and shuffled.
func TestConvolutions(t *testing.T) {
	if _, err := exec.LookPath("g++"); err != nil {
		shareddata.Skip(t, "gcc", err)
	}
	dir := t.TempDir()
	lib, err := cudahost.Build(dir)
	require.NoError(t, err)
	for _, source := range []string{ConvDirect} {
		t.Run(source, func(t *testing.T) { runProgram(t, dir, lib, source) })
	}
}

func runProgram(t *testing.T, dir, lib, source string) {
	name := strings.TrimSuffix(source, ".cu")
	program := filepath.Join(dir, name)
	out, err := exec.Command("g++", "-std=c++17", "-O2", "-Wall", "-Wno-unused-function", "-I", dir, "-I", "testdata", "-o", program,
		filepath.Join("testdata", name+".cc"), lib, "-Wl,-rpath,"+dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, order := range []string{"0", "1", "2"} {
		cmd := exec.Command(program, append(Headers(), source)...)
		cmd.Env = append(os.Environ(), "MNV2_CUDAHOST_CACHE="+filepath.Join(dir, "cache"), "MNV2_FAKE_ORDER="+order)
		out, err = cmd.CombinedOutput()
		require.NoError(t, err, "order %s: %s", order, out)
	}
}
