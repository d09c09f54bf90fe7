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

// TestGenerated runs the generator and compares with what is checked in. It needs avo, in the module cache or to be
// downloaded: without, it is skipped unless MNV2_REQUIRE names "avo".
func TestGenerated(t *testing.T) {
	download := exec.Command("go", "-C", "gen", "mod", "download", "github.com/mmcloughlin/avo")
	if out, err := download.CombinedOutput(); err != nil {
		if shareddata.Required("avo") {
			t.Fatalf("avo: %v: %s", err, out)
		}
		t.Skipf("avo is not to be had, and MNV2_REQUIRE does not ask for it: %v: %s", err, out)
	}
	for base, flags := range map[string][]string{
		"zz_avx2_amd64": nil, "zz_avx512_amd64": {"-avx512"}, "train_avx2_amd64": {"-train"}, "train_avx512_amd64": {"-train", "-avx512"},
	} {
		t.Run(base, func(t *testing.T) { checkGenerated(t, base, flags) })
	}
}

// TestNeonIsGenerated is the same for the kernels of arm64.
func TestNeonIsGenerated(t *testing.T) {
	dir := t.TempDir()
	generate := exec.Command("go", "-C", "gen", "run", "-tags", "purego", "./neon", dir)
	generate.Env = append(os.Environ(), "GOOS=", "GOARCH=") // the generator runs here, whatever is tested
	text, err := generate.CombinedOutput()
	require.NoError(t, err, "%s", text)
	for _, name := range []string{"zz_neon_arm64.s", "zz_neon_arm64.go"} {
		got, want := body(t, filepath.Join(dir, name)), body(t, name)
		require.True(t, bytes.Equal(got, want), "%s is not what the generator writes: run go generate", name)
	}
}

func checkGenerated(t *testing.T, base string, flags []string) {
	out := filepath.Join(t.TempDir(), base+".s")
	stubs := filepath.Join(filepath.Dir(out), base+".go")
	args := append([]string{"-C", "gen", "run", "-tags", "purego", "."}, flags...)
	generate := exec.Command("go", append(args, "-out", out, "-stubs", stubs, "-pkg", "kernels")...)
	generate.Env = append(os.Environ(), "GOOS=", "GOARCH=") // the generator runs here, whatever is tested
	text, err := generate.CombinedOutput()
	require.NoError(t, err, "%s", text)
	for _, path := range []string{out, stubs} {
		got, want := body(t, path), body(t, filepath.Base(path))
		require.True(t, bytes.Equal(got, want), "%s is not what the generator writes: run go generate", filepath.Base(path))
	}
}

// body returns a generated file without its first line, which has the generator's arguments.
func body(t *testing.T, path string) []byte {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	_, rest, _ := bytes.Cut(data, []byte("\n"))
	return rest
}
