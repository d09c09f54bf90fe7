package kernels

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/internal/shareddata"
)

// TestTrainGenerated is TestGenerated for the kernels of training.
func TestTrainGenerated(t *testing.T) {
	if out, err := exec.Command("go", "-C", "gen", "mod", "download", "github.com/mmcloughlin/avo").CombinedOutput(); err != nil {
		if shareddata.Required("avo") {
			t.Fatalf("avo: %v: %s", err, out)
		}
		t.Skipf("avo: %v: %s", err, out)
	}
	dir := t.TempDir()
	out, stubs := filepath.Join(dir, "train_avx2_amd64.s"), filepath.Join(dir, "train_avx2_amd64.go")
	generate := exec.Command("go", "-C", "gen", "run", "-tags", "purego", ".", "-train", "-out", out, "-stubs", stubs, "-pkg", "kernels")
	generate.Env = append(os.Environ(), "GOOS=", "GOARCH=") // the generator runs here, whatever is tested
	text, err := generate.CombinedOutput()
	require.NoError(t, err, "%s", text)
	for _, path := range []string{out, stubs} {
		require.True(t, bytes.Equal(body(t, path), body(t, filepath.Base(path))),
			"%s is not what the generator writes: run go generate", filepath.Base(path))
	}
}
