package kernels

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/csrc/fake/cudahost"
	"mnv2/internal/shareddata"
)

// TestElements runs the kernels on the host, first to last, last to first and shuffled.
func TestElements(t *testing.T) {
	if _, err := exec.LookPath("g++"); err != nil {
		shareddata.Skip(t, "gcc", err)
	}
	dir := t.TempDir()
	lib, err := cudahost.Build(dir)
	require.NoError(t, err)
	program := filepath.Join(dir, "elements")
	out, err := exec.Command("g++", "-std=c++17", "-O1", "-Wall", "-I", dir, "-o", program,
		filepath.Join("testdata", "elements.cc"), lib, "-Wl,-rpath,"+dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, order := range []string{"0", "1", "2"} {
		cmd := exec.Command(program, Header, Elements)
		cmd.Env = append(os.Environ(), "MNV2_CUDAHOST_CACHE="+filepath.Join(dir, "cache"), "MNV2_FAKE_ORDER="+order)
		out, err = cmd.CombinedOutput()
		require.NoError(t, err, "order %s: %s", order, out)
	}
}

func TestText(t *testing.T) {
	assert.Contains(t, Text(Elements), "KERNEL update")
	assert.Contains(t, Text(Header), "typedef")
	assert.Empty(t, Text("missing.cu"))
}
