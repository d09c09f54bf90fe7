//go:build cgo && linux

package cuda

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

// TestBlockEqualsLayers runs inverted residuals in inference as one kernel and as one for each layer, in float32.
func TestBlockEqualsLayers(t *testing.T) {
	standIn(t)
	d := open(t)
	for _, o := range []backend.InvertedResidual{
		{N: 2, H: 9, W: 7, C: 8, E: 48, K: 8, Stride: 1, Residual: true}, {N: 1, H: 14, W: 14, C: 24, E: 80, K: 40, Stride: 1},
		{N: 3, H: 11, W: 10, C: 16, E: 96, K: 24, Stride: 2}, {N: 1, H: 4, W: 4, C: 40, E: 40, K: 136, Stride: 2},
	} {
		o.DType, o.Layout, o.Expand, o.Eps, o.Momentum = backend.F32, backend.NHWC, true, 1e-5, 0.1
		t.Run(o.String(), func(t *testing.T) {
			block, layers := inferWith(t, d, o, 0), inferWith(t, d, o, math.Inf(1))
			assert.Equal(t, 1, block.launches)
			assert.Equal(t, 3, layers.launches)
			assert.InDeltaSlice(t, layers.y, block.y, 1e-4)
		})
	}
}

type inferred struct {
	y        []float32
	launches int
}

// inferWith runs o with blockTiles set to tiles on numbers that are the same each time.
func inferWith(t *testing.T, d *Device, o backend.InvertedResidual, tiles float64) (r inferred) {
	old := blockTiles
	blockTiles = tiles
	defer func() { blockTiles = old }()
	prepare, infer, err := backend.CompilePair(d, o.WithPass(backend.Prepare, false), o.WithPass(backend.Infer, false), backend.FuseRequire)
	require.NoError(t, err)
	r.launches = len(infer.(*plan).program.launches)
	rng := rand.New(rand.NewPCG(1, 2))
	var buffers []backend.Buffer
	place := func(desc backend.Desc, name string) backend.Tensor {
		b, err := d.Alloc(desc.Bytes(), name)
		require.NoError(t, err)
		buffers = append(buffers, b)
		raw := make([]byte, 0, desc.Bytes())
		for range desc.Elements() { // all positive: a variance must be
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(rng.IntN(100))/200))
		}
		require.NoError(t, d.Upload(b, 0, raw))
		return backend.Tensor{Desc: desc, Buf: b}
	}
	args := &backend.BlockArgs{X: place(o.In(), "x"), Y: place(o.Out(), "y")}
	for _, param := range o.Params() {
		args.Params = append(args.Params, place(param.Desc, param.Name))
	}
	scratch := backend.Scratch{Saved: place(backend.Vec(backend.F32, int(infer.Saved())/4), "saved"),
		Workspace: place(backend.Vec(backend.F32, int(infer.Workspace())/4+1), "work")}
	require.NoError(t, prepare.Run(&backend.BlockArgs{Params: args.Params}, scratch))
	require.NoError(t, infer.Run(args, scratch))
	raw := make([]byte, o.Out().Bytes())
	require.NoError(t, d.Download(raw, args.Y.Buf, 0))
	for i := range o.Out().Elements() {
		r.y = append(r.y, math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
	}
	assert.NoError(t, prepare.Close())
	assert.NoError(t, infer.Close())
	for _, b := range buffers {
		assert.NoError(t, b.Free())
	}
	return r
}
