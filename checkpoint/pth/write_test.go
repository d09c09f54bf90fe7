package pth

import (
	"archive/zip"
	"bytes"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/checkpoint/internal/tensor"
)

func TestEncodeAligns(t *testing.T) {
	f := &tensor.File{Tensors: []tensor.Tensor{
		tensor.FromFloat32s("a", []int{3}, []float32{1, 2, 3}), tensor.FromFloat32s("b", []int{70000}, make([]float32, 70000)),
	}, Meta: map[string]string{"k": "v"}}
	var b bytes.Buffer
	require.NoError(t, Encode(&b, f))
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	require.NoError(t, err)
	var names []string
	for _, m := range r.File {
		at, err := m.DataOffset()
		require.NoError(t, err)
		require.Zero(t, at%64, m.Name)
		require.Equal(t, zip.Store, m.Method)
		require.Zero(t, m.Flags&8, "sizes stand in the local header")
		names = append(names, m.Name)
	}
	require.Equal(t, []string{"archive/data.pkl", "archive/byteorder", "archive/data/0", "archive/data/1", "archive/version"}, names)
}

func TestEncodeReportsTheWriter(t *testing.T) {
	f := &tensor.File{Tensors: []tensor.Tensor{tensor.FromFloat32s("a", []int{3}, []float32{1, 2, 3})}}
	var b bytes.Buffer
	require.NoError(t, Encode(&b, f))
	for n := range b.Len() {
		require.Error(t, Encode(&failing{left: n}, f), "after %d bytes", n)
	}
}

// failing accepts so many bytes.
type failing struct{ left int }

func (w *failing) Write(p []byte) (int, error) {
	if len(p) > w.left {
		n := w.left
		w.left = 0
		return n, os.ErrClosed
	}
	w.left -= len(p)
	return len(p), nil
}

func TestPicklerNumbers(t *testing.T) {
	for _, n := range []int{0, 255, 256, 65536, math.MaxInt32, math.MaxInt32 + 1, math.MaxInt64} {
		p := &pickler{}
		p.int(n)
		p.op(opStop)
		got, err := unpickle(p.b)
		require.NoError(t, err)
		require.Equal(t, int64(n), got.root)
	}
}
