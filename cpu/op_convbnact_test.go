package cpu

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

// fusedOps are convolutions with batch norm and activation whose parts take every way there is.
func fusedOps() []backend.Op {
	var ops []backend.Op
	for _, pass := range []backend.Pass{backend.Forward, backend.Backward} {
		for _, c := range []backend.Conv2D{conv(2, 2, 16, 24, 1, 1, 1), conv(9, 9, 16, 24, 1, 1, 1), conv(7, 7, 16, 16, 3, 1, 16),
			conv(8, 7, 16, 16, 3, 2, 16), conv(9, 8, 3, 16, 3, 2, 1), conv(5, 5, 8, 8, 3, 1, 1)} {
			ops = append(ops, backend.ConvBNAct{Pass: pass, DType: c.DType, Layout: c.Layout, N: c.N, H: c.H, W: c.W, C: c.C, K: c.K,
				R: c.R, S: c.S, Stride: c.Stride, Pad: c.Pad, Groups: c.Groups, Act: backend.ReLU6, Eps: 1e-5, Momentum: 0.1,
				InputGrad: c.Groups > 1 || c.R == 1})
		}
		ops = append(ops, residualOps(pass)...)
	}
	return ops
}

// residualOps are inverted residuals whose tensors take every layout there is: folded or not, z1 kept or computed again.
func residualOps(pass backend.Pass) []backend.Op {
	var ops []backend.Op
	for _, o := range []backend.InvertedResidual{
		{N: 3, H: 7, W: 7, C: 16, E: 96, K: 16, Expand: true, Stride: 1, Residual: true},
		{N: 3, H: 4, W: 4, C: 24, E: 144, K: 20, Expand: true, Stride: 2},
		{N: 5, H: 1, W: 1, C: 8, E: 40, K: 8, Expand: true, Stride: 1},
		{N: 40, H: 5, W: 4, C: 16, E: 104, K: 16, Expand: true, Stride: 1, Residual: true},
		{N: 70, H: 1, W: 1, C: 16, E: 480, K: 24, Expand: true, Stride: 1},
		{N: 2, H: 11, W: 11, C: 8, E: 8, K: 16, Stride: 1},
		{N: 2, H: 120, W: 120, C: 8, E: 80, K: 8, Expand: true, Stride: 2},
	} {
		o.Pass, o.DType, o.Layout, o.Eps, o.Momentum = pass, backend.F32, backend.NCHW8c, 1e-5, 0.1
		ops = append(ops, o, o.WithPass(pass, true))
	}
	return ops
}

// newFusedCase is newCase for an operation that keeps something.
func newFusedCase(t *testing.T, threads int, op backend.Op) *fixture {
	f := &fixture{device: openDevice(t, Options{Threads: threads})}
	var err error
	f.plan, err = f.device.Compile(op)
	require.NoError(t, err)
	for _, o := range op.Operands() {
		buf := f.alloc(t, o.Desc.Bytes())
		for i, numbers := 0, slab[float32](buf.(*buffer).mem); i < len(numbers); i++ {
			numbers[i] = float32(i%13)/13 + 0.1
		}
		f.tensors = append(f.tensors, backend.Tensor{Desc: o.Desc, Buf: buf})
	}
	f.args.tensors = f.tensors
	f.scratch.Workspace = backend.Bytes(f.alloc(t, f.plan.Workspace()), 0, f.plan.Workspace())
	f.scratch.Saved = backend.Bytes(f.alloc(t, f.plan.Saved()), 0, f.plan.Saved())
	t.Cleanup(func() { f.close(t) })
	return f
}

func TestFusedRunAllocatesNothing(t *testing.T) {
	for _, op := range fusedOps() {
		t.Run(fmt.Sprint(op), func(t *testing.T) {
			f := newFusedCase(t, 2, op)
			require.Zero(t, testing.AllocsPerRun(10, func() { f.run(t) }))
		})
	}
}

func TestFusedThreadsDoNotMatter(t *testing.T) {
	for _, op := range fusedOps() {
		t.Run(fmt.Sprint(op), func(t *testing.T) {
			one := newFusedCase(t, 1, op)
			one.run(t)
			for _, threads := range []int{2, 7} {
				other := newFusedCase(t, threads, op)
				other.run(t)
				for i, o := range op.Operands() {
					require.Equal(t, one.numbers(i), other.numbers(i), "%s on %d threads", o.Name, threads)
				}
			}
		})
	}
}
