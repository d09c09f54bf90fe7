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
