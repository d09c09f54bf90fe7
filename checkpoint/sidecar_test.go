package checkpoint

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func numbered(n float32, meta map[string]string) *File {
	return &File{Format: CKPT, Tensors: []Tensor{FromFloat32s("w", []int{1}, []float32{n})}, Meta: meta}
}

func first(t *testing.T, f *File) float32 {
	t.Helper()
	v, err := f.Tensors[0].Float32s()
	require.NoError(t, err)
	return v[0]
}

func TestSidecarFollowsItsCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ckpt")
	for i, meta := range []map[string]string{{"epoch": "0"}, {"epoch": "1"}, nil, {"epoch": "3"}, nil, nil} {
		require.NoError(t, Write(path, numbered(float32(i), meta)))
		f, err := Read(path)
		require.NoError(t, err)
		require.Equal(t, float32(i), first(t, f))
		require.Equal(t, meta, f.Meta)
		_, err = os.Stat(path + ".meta.json")
		require.Equal(t, meta == nil, errors.Is(err, os.ErrNotExist))
	}
}

// TestSidecarSurvivesACrash stops after the sidecar is written and before the checkpoint is, for every pair of
// metadata: the old checkpoint must still be found with its own.
func TestSidecarSurvivesACrash(t *testing.T) {
	crash := errors.New("power cut")
	some, other := map[string]string{"epoch": "1"}, map[string]string{"epoch": "2"}
	for name, metas := range map[string][2]map[string]string{
		"both": {some, other}, "new only": {nil, other}, "old only": {some, nil},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.ckpt")
			require.NoError(t, Write(path, numbered(1, metas[0])))
			encode, err := encoder(numbered(2, metas[1]), Options{})
			require.NoError(t, err)
			calls := 0
			err = writeWithSidecar(path, metas[1], func(w io.Writer) error {
				if calls++; calls == 2 { // the first call measures
					return crash
				}
				return encode(w)
			})
			require.ErrorIs(t, err, crash)
			f, err := Read(path)
			require.NoError(t, err)
			require.Equal(t, float32(1), first(t, f))
			require.Equal(t, metas[0], f.Meta)

			require.NoError(t, Write(path, numbered(2, metas[1])), "and the next attempt must succeed")
			f, err = Read(path)
			require.NoError(t, err)
			require.Equal(t, float32(2), first(t, f))
			require.Equal(t, metas[1], f.Meta)
		})
	}
}

func TestSidecarDamage(t *testing.T) {
	for name, text := range map[string]string{
		"empty":           "",
		"not JSON":        "{",
		"other format":    `{"format":"x","entries":[]}`,
		"unknown field":   `{"format":"mnv2-meta-1","entries":[],"more":1}`,
		"text behind":     `{"format":"mnv2-meta-1","entries":[]} x`,
		"other file":      `{"format":"mnv2-meta-1","entries":[{"bytes":1,"crc32":2,"meta":{}}]}`,
		"no entry":        `{"format":"mnv2-meta-1","entries":[]}`,
		"wrong type":      `{"format":"mnv2-meta-1","entries":[{"bytes":"x"}]}`,
		"crc32 too large": `{"format":"mnv2-meta-1","entries":[{"bytes":1,"crc32":4294967296,"meta":{}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.ckpt")
			require.NoError(t, Write(path, numbered(1, nil)))
			require.NoError(t, os.WriteFile(path+".meta.json", []byte(text), 0o644))
			_, err := Read(path)
			require.ErrorIs(t, err, ErrFormat)
			require.ErrorContains(t, err, "x.ckpt.meta.json")
			require.ErrorContains(t, err, "delete it")
			require.NoError(t, Write(path, numbered(2, map[string]string{"a": "b"})), "writing replaces a damaged one")
			f, err := Read(path)
			require.NoError(t, err)
			require.Equal(t, map[string]string{"a": "b"}, f.Meta)
		})
	}
}

func TestSidecarDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ckpt")
	require.NoError(t, Write(path, numbered(1, nil)))
	require.NoError(t, os.Mkdir(path+".meta.json", 0o755))
	_, err := Read(path)
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, "meta.json")
}

func TestRemove(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ckpt")
	for _, meta := range []map[string]string{nil, {"a": "b"}} {
		require.NoError(t, Write(path, numbered(1, meta)))
		require.NoError(t, Remove(path))
		left, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Empty(t, left)
	}
	require.True(t, os.IsNotExist(Remove(path)))
	require.NoError(t, os.MkdirAll(filepath.Join(path+".meta.json", "full"), 0o755))
	require.ErrorContains(t, Remove(path), "meta.json")
}

func FuzzSidecar(f *testing.F) {
	f.Add([]byte(`{"format":"mnv2-meta-1","entries":[{"bytes":1,"crc32":2,"meta":{"a":"b"}}]}`))
	f.Add([]byte(`{"format":"mnv2-meta-1","entries":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := parseSidecar(text); err == nil {
			require.Equal(t, sidecarFormat, s.Format)
		}
	})
}
