//go:build cgo && linux

package cuda

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/csrc/nv"
	"mnv2/csrc/nv/cubin"
)

// compileFill does that on a device of its own and returns what the device warned of.
func compileFill(t *testing.T) (warnings []string) {
	t.Helper()
	b, err := Open(0, Options{Warn: func(text string) { warnings = append(warnings, text) }})
	require.NoError(t, err)
	compileFillOn(t, b)
	require.NoError(t, b.Close())
	return warnings
}

// compileFillOn compiles, runs and closes one operation.
func compileFillOn(t *testing.T, b backend.Backend) {
	t.Helper()
	p, err := b.Compile(backend.Fill{Desc: backend.Vec(backend.F32, 3), Value: 1})
	require.NoError(t, err)
	buf, err := b.Alloc(12, "y")
	require.NoError(t, err)
	require.NoError(t, p.Run(&backend.FillArgs{Y: backend.Tensor{Desc: backend.Vec(backend.F32, 3), Buf: buf}}, backend.Scratch{}))
	got := make([]byte, 12)
	require.NoError(t, b.Download(got, buf, 0))
	assert.Equal(t, []byte{0, 0, 128, 63, 0, 0, 128, 63, 0, 0, 128, 63}, got)
	require.NoError(t, buf.Free())
	require.NoError(t, p.Close())
}

// TestKernelsAreCompiledOnce opens a device twice, damages what was kept, and opens it again.
func TestKernelsAreCompiledOnce(t *testing.T) {
	control := standIn(t)
	dir := t.TempDir()
	t.Setenv(cubin.EnvDir, dir)
	calls := func() int {
		control.Reset()
		assert.Empty(t, compileFill(t))
		return control.Calls()
	}
	first, second := calls(), calls()
	assert.Less(t, second, first, "the compiler was not asked again")
	files, err := filepath.Glob(filepath.Join(dir, "cubin", "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.NoError(t, os.Truncate(files[0], 1000))
	control.Reset()
	warnings := compileFill(t)
	require.Len(t, warnings, 1)
	assert.Contains(t, warnings[0], files[0])
	assert.Equal(t, first, control.Calls())
	assert.Equal(t, second, calls())
}

// TestCacheFolderThatCannotBeUsed is said once and stops nothing.
func TestCacheFolderThatCannotBeUsed(t *testing.T) {
	standIn(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	t.Setenv(cubin.EnvDir, file)
	warnings := compileFill(t)
	require.Len(t, warnings, 1)
	assert.Contains(t, warnings[0], "compiled kernels are not kept")
}

func TestCacheKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "libnvrtc.so.12")
	require.NoError(t, os.WriteFile(path, []byte("one"), 0o600))
	files := []nv.File{{Name: "CUDA driver", Version: "CUDA 12.4"}, {Name: "NVRTC", Version: "12.4", Path: path}}
	source := nv.Source{Name: "a.cu", Text: "x", Options: []string{"-DA"}, Headers: []nv.Header{{Name: "h", Text: "y"}}}
	base := cacheKey(files, "sm_90", source)
	assert.Equal(t, base, cacheKey(files, "sm_90", source))
	assert.NotEqual(t, base, cacheKey(files, "sm_80", source))
	for name, change := range map[string]func(*nv.Source){
		"text": func(s *nv.Source) { s.Text = "z" }, "option": func(s *nv.Source) { s.Options = []string{"-DB"} },
		"more options": func(s *nv.Source) { s.Options = []string{"-DA", "-DB"} },
		"header":       func(s *nv.Source) { s.Headers = []nv.Header{{Name: "h", Text: "z"}} },
		"no header":    func(s *nv.Source) { s.Headers = nil },
	} {
		other := source
		change(&other)
		assert.NotEqual(t, base, cacheKey(files, "sm_90", other), name)
	}
	require.NoError(t, os.WriteFile(path, []byte("another"), 0o600))
	assert.NotEqual(t, base, cacheKey(files, "sm_90", source), "another build of the compiler")
	files[0].Version = "CUDA 13.0"
	require.NoError(t, os.Remove(path))
	gone := cacheKey(files, "sm_90", source)
	files[0].Version = "CUDA 12.4"
	assert.Equal(t, gone, cacheKey(files, "sm_90", source), "the driver's version does not matter")
}
