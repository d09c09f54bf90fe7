package pth

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/checkpoint/internal/tensor"
)

func seeds(f *testing.F, pattern string) {
	paths, err := filepath.Glob(filepath.Join("..", "testdata", pattern))
	require.NoError(f, err)
	require.NotEmpty(f, paths)
	for _, p := range paths {
		data, err := os.ReadFile(p)
		require.NoError(f, err)
		f.Add(data)
	}
}

func checkDecoded(t *testing.T, f *tensor.File, err error) {
	if err != nil {
		require.ErrorIs(t, err, tensor.ErrFormat)
		return
	}
	for _, x := range f.Tensors {
		require.NoError(t, x.Check())
	}
	var b bytes.Buffer
	require.NoError(t, Encode(&b, f))
	again, err := Decode(b.Bytes())
	require.NoError(t, err)
	require.Equal(t, f.Meta, again.Meta)
	require.Len(t, again.Tensors, len(f.Tensors))
}

func FuzzDecode(f *testing.F) {
	seeds(f, "*.pth")
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data)
		checkDecoded(t, got, err)
	})
}

func FuzzDecodeLegacy(f *testing.F) {
	seeds(f, "legacy-*.pth")
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := DecodeLegacy(data)
		checkDecoded(t, got, err)
	})
}

// FuzzPickle reaches deeper than FuzzDecode, which the checksum of the archive stops.
func FuzzPickle(f *testing.F) {
	f.Add(program(8, 0, []int{4, 2}, []int{1, 4}))
	f.Add(laughs(5))
	f.Add(encodePickle(&tensor.File{Tensors: []tensor.Tensor{tensor.FromFloat32s("0", []int{8}, make([]float32, 8))},
		Meta: map[string]string{"k": "v"}}))
	f.Fuzz(func(t *testing.T, pickle []byte) {
		got, err := Decode(pack(t, member{name: "a/data.pkl", data: pickle}, member{name: "a/data/0", data: eight}))
		checkDecoded(t, got, err)
	})
}
