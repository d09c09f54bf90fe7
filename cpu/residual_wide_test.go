package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/backend/ref"
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
			native, inputs := runResidual(t, o, backend.FuseRequire)
			composed, _ := runResidual(t, o, backend.FuseOff)
			exact := exactResidual(t, o, inputs)
			require.Equal(t, len(exact), len(native))
			for name, want := range exact {
				scale := 0.0
				for _, v := range want {
					scale = max(scale, math.Abs(v))
				}
				// Rounding, of sums over 43000 pixels at most; or four times that of the composition, where batch norm divides by little.
				require.LessOrEqual(t, distance(native[name], want), max(2e-5*scale+1e-7, 4*distance(composed[name], want)), name)
			}
		})
	}
}

// distance is the largest difference.
func distance(got []float32, want []float64) float64 {
	largest := 0.0
	for i, v := range want {
		largest = max(largest, math.Abs(float64(got[i])-v))
	}
	return largest
}

// exactResidual computes both passes in float64 and returns what they write, by name, in the order of memory.
func exactResidual(t *testing.T, o backend.InvertedResidual, inputs map[string][]byte) map[string][]float64 {
	tensors, results := map[string]*ref.Tensor{}, map[string][]float64{}
	for _, op := range []backend.Op{o, o.WithPass(backend.Backward, true)} {
		var list []*ref.Tensor
		for _, operand := range op.Operands() {
			x, ok := tensors[operand.Name]
			if !ok {
				var err error
				x, err = ref.FromBytes(operand.Desc, inputs[operand.Name])
				require.NoError(t, err)
				tensors[operand.Name] = x
			}
			list = append(list, x)
		}
		require.NoError(t, ref.Run(op, list))
		for i, operand := range op.Operands() {
			if operand.Role != backend.In {
				results[operand.Name] = inMemoryOrder(operand.Desc, list[i])
			}
		}
	}
	return results
}

// inMemoryOrder puts numbers in the order N, H, W, C where a device has them.
func inMemoryOrder(d backend.Desc, x *ref.Tensor) []float64 {
	out, i := make([]float64, d.Stored()), 0
	for n := range d.N {
		for h := range d.H {
			for w := range d.W {
				for c := range d.C {
					out[d.Index(n, h, w, c)] = x.V[i]
					i++
				}
			}
		}
	}
	return out
}

// runResidual runs both passes on random numbers and returns what they wrote, by name, and what all operands held before.
func runResidual(t *testing.T, o backend.InvertedResidual, fuse backend.Fuse) (map[string][]float32, map[string][]byte) {
	d := openDevice(t, Options{Threads: 2})
	forward, backward, err := backend.CompilePair(d, o, o.WithPass(backend.Backward, true), fuse)
	require.NoError(t, err)
	f := &fixture{device: d, plan: forward}
	tensors, results, inputs := map[string]backend.Tensor{}, map[string][]float32{}, map[string][]byte{}
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
				inputs[operand.Name] = slices.Clone(tensor.Buf.(*buffer).mem[:operand.Desc.Bytes()])
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
	return results, inputs
}

// fillOperand writes random numbers where there is a channel; variances and scales are positive. Depthwise filters keep away from
// zero: on a plane of one pixel batch norm divides by their only tap.
func (f *fixture) fillOperand(rng *rand.Rand, o backend.Operand, t backend.Tensor) {
	numbers := slab[float32](t.Buf.(*buffer).mem)
	for i := range numbers {
		numbers[i] = float32(rng.NormFloat64())
		if o.Desc.N == 1 && o.Desc.H == 1 {
			numbers[i] = 0.5 + rng.Float32()
		}
		if o.Name == "depthwise.w" {
			numbers[i] = float32(math.Copysign(float64(0.5+rng.Float32()), float64(numbers[i])))
		}
	}
	if used := o.Desc.C % lanes; o.Desc.Layout == backend.NCHW8c && used != 0 {
		plane := o.Desc.H * o.Desc.W
		for n := range o.Desc.N {
			clearLanes(slab[vec](t.Buf.(*buffer).mem)[((n+1)*blocks(o.Desc.C)-1)*plane:][:plane], used)
		}
	}
}
