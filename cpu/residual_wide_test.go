package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

// TestWideResidual holds inverted residuals larger than the conformance suite has, whose z1 is not kept, whose gradients share
// memory, or that are done channels by channels in several groups, to their composition.
func TestWideResidual(t *testing.T) {
	for _, o := range []backend.InvertedResidual{
		{N: 3, H: 120, W: 120, C: 12, E: 60, K: 12, Expand: true, Stride: 1, Residual: true},
		{N: 3, H: 121, W: 119, C: 16, E: 64, K: 20, Expand: true, Stride: 2},
		{N: 64, H: 1, W: 1, C: 40, E: 240, K: 40, Expand: true, Stride: 1, Residual: true},
		{N: 64, H: 1, W: 1, C: 16, E: 104, K: 24, Expand: true, Stride: 2},
		{N: 61, H: 2, W: 2, C: 56, E: 336, K: 56, Expand: true, Stride: 1, Residual: true},
		{N: 40, H: 4, W: 3, C: 32, E: 192, K: 64, Expand: true, Stride: 2},
		{N: 64, H: 8, W: 8, C: 24, E: 144, K: 32, Expand: true, Stride: 2},
		{N: 40, H: 7, W: 7, C: 16, E: 96, K: 16, Expand: true, Stride: 1, Residual: true},
		{N: 3, H: 20, W: 21, C: 20, E: 20, K: 20, Stride: 1, Residual: true},
	} {
		o.Pass, o.DType, o.Layout, o.Eps, o.Momentum = backend.Forward, backend.F32, backend.NCHW8c, 1e-5, 0.1
		t.Run(fmt.Sprint(o), func(t *testing.T) {
			native, composed := runResidual(t, o, backend.FuseRequire), runResidual(t, o, backend.FuseOff)
			require.Equal(t, len(composed), len(native))
			for name, want := range composed {
				scale, largest := 0.0, 0.0
				for i, v := range want {
					scale = max(scale, float64(max(v, -v)))
					largest = max(largest, float64(max(v-native[name][i], native[name][i]-v)))
				}
				require.LessOrEqual(t, largest, 2e-5*scale+1e-7, name) // rounding, of sums over 43000 pixels at most
			}
		})
	}
}

// runResidual runs both passes on random numbers and returns what they wrote, by name.
func runResidual(t *testing.T, o backend.InvertedResidual, fuse backend.Fuse) map[string][]float32 {
	d := openDevice(t, Options{Threads: 2})
	forward, backward, err := backend.CompilePair(d, o, o.WithPass(backend.Backward, true), fuse)
	require.NoError(t, err)
	f := &fixture{device: d, plan: forward}
	tensors, results := map[string]backend.Tensor{}, map[string][]float32{}
	saved := backend.Bytes(f.alloc(t, forward.Saved()), 0, forward.Saved())
	rng := rand.New(rand.NewPCG(3, 4))
	for _, p := range []backend.Plan{forward, backward} {
		var args listArgs
		for _, operand := range p.Op().Operands() {
			tensor, ok := tensors[operand.Name]
			if !ok {
				tensor = backend.Tensor{Desc: operand.Desc, Buf: f.alloc(t, operand.Desc.Bytes())}
				tensors[operand.Name] = tensor
				f.fillOperand(rng, operand, tensor)
			}
			args.tensors = append(args.tensors, tensor)
			if operand.Role != backend.In {
				results[operand.Name] = slab[float32](tensor.Buf.(*buffer).mem)
			}
		}
		work := backend.Bytes(f.alloc(t, p.Workspace()), 0, p.Workspace())
		require.NoError(t, p.Run(&args, backend.Scratch{Workspace: work, Saved: saved}))
	}
	for name, v := range results {
		results[name] = append([]float32(nil), v...)
	}
	require.NoError(t, backward.Close())
	f.close(t)
	return results
}

// fillOperand writes random numbers where there is a channel; variances and scales are positive.
func (f *fixture) fillOperand(rng *rand.Rand, o backend.Operand, t backend.Tensor) {
	numbers := slab[float32](t.Buf.(*buffer).mem)
	for i := range numbers {
		numbers[i] = float32(rng.NormFloat64())
		if o.Desc.N == 1 && o.Desc.H == 1 {
			numbers[i] = 0.5 + rng.Float32()
		}
	}
	if used := o.Desc.C % lanes; o.Desc.Layout == backend.NCHW8c && used != 0 {
		plane := o.Desc.H * o.Desc.W
		for n := range o.Desc.N {
			clearLanes(slab[vec](t.Buf.(*buffer).mem)[((n+1)*blocks(o.Desc.C)-1)*plane:][:plane], used)
		}
	}
}
