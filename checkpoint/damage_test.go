package checkpoint

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/internal/shareddata"
)

func TestReadErrors(t *testing.T) {
	tests := map[string]struct{ content, want string }{
		"empty":            {"", "empty"},
		"text":             {"hello world", "unknown format"},
		"one byte":         {"a", "unknown format"},
		"web page":         {"<!DOCTYPE html>", "web page"},
		"git lfs":          {"version https://git-lfs.github.com/spec/v1", "git lfs pull"},
		"hdf5":             {"\x89HDF\r\n\x1a\n....", "Keras"},
		"numpy":            {"\x93NUMPY\x01\x00", "NumPy"},
		"gzip":             {"\x1f\x8b\x08", "gzip"},
		"pickle":           {"\x80\x04\x95", "pickle"},
		"mindir":           {"\x0a\x050.1.1\x12", "MindIR"},
		"cut zip":          {"PK\x03\x04", "zip"},
		"cut legacy":       {"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", "cut"},
		"cut tflite":       {"\x1c\x00\x00\x00TFL3", "offset"},
		"cut ckpt":         {"\x0a", "cut"},
		"encrypted ckpt":   {"\xd8\x5e\x3a\x7f....", "encrypted"},
		"cut safetensors":  {"\x40\x00\x00\x00\x00\x00\x00\x00{", "cut"},
		"none safetensors": {"\x02\x00\x00\x00\x00\x00\x00\x00{}", "no tensor"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "weights.ckpt")
			require.NoError(t, os.WriteFile(path, []byte(tt.content), 0o644))
			_, err := Read(path)
			require.ErrorIs(t, err, ErrFormat)
			require.ErrorContains(t, err, "weights.ckpt")
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestReadErrorsOfTheSystem(t *testing.T) {
	_, err := Read(filepath.Join(t.TempDir(), "missing.pth"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NotErrorIs(t, err, ErrFormat)
	require.Equal(t, 1, strings.Count(err.Error(), "missing.pth"), err)

	_, err = Read(t.TempDir())
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, "directory")
}

func TestReadRefusesHugeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	if err := f.Truncate(maxFileBytes + 1); err != nil {
		if shareddata.Required("filesystem") {
			t.Fatal(err)
		}
		t.Skipf("no sparse files here, and MNV2_REQUIRE does not ask for them: %v", err)
	}
	_, err = Read(path)
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, "more than a weight file can have")
}

// TestEveryCutIsAnError cuts small files of every format at every length.
func TestEveryCutIsAnError(t *testing.T) {
	dir := t.TempDir()
	whole := map[string][]byte{}
	for _, format := range Writable() {
		path := filepath.Join(dir, string(format))
		require.NoError(t, Write(path, &File{Format: format, Tensors: allTypes()}))
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		whole[string(format)] = data
	}
	for _, name := range []string{"zip-2.15.pth", "legacy-1.13.pth"} {
		data, err := os.ReadFile(testdata(name))
		require.NoError(t, err)
		whole[name] = data
	}
	for name, data := range whole {
		t.Run(name, func(t *testing.T) {
			_, err := decode(data)
			require.NoError(t, err)
			for n := range data {
				f, err := decode(data[:n])
				if err != nil {
					require.ErrorIs(t, err, ErrFormat, "%d bytes", n)
					continue
				}
				// A .ckpt file is a list without an end: cut between two tensors, it is a whole shorter list.
				require.Equal(t, CKPT, f.Format, "%d bytes", n)
				require.Less(t, len(f.Tensors), len(allTypes()))
			}
		})
	}
}

// allocated returns the bytes that fn allocates in total.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestReadingCopiesLittle(t *testing.T) {
	values := make([]float32, 1<<20)
	for _, format := range Writable() {
		t.Run(string(format), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x")
			require.NoError(t, Write(path, &File{Format: format, Tensors: []Tensor{FromFloat32s("w", []int{1 << 20}, values)}}))
			used := allocated(func() {
				_, err := Read(path)
				require.NoError(t, err)
			})
			require.Less(t, used, uint64(6<<20), "a 4 MiB file is read once and not copied")
		})
	}
}
