package cpu

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// conv is a float32 convolution of a batch of three, with padding for its filter.
func conv(h, w, c, k, filter, stride, groups int) backend.Conv2D {
	return backend.Conv2D{DType: backend.F32, Layout: backend.NCHW8c, N: 3, H: h, W: w, C: c, K: k, R: filter, S: filter,
		Stride: stride, Pad: filter / 2, Groups: groups}
}

// TestConvolutions holds every fast convolution to the plain loops, at sizes around those where the fast ones change their
// way: odd and even pictures, one pixel, planes that are gathered, sums of several parts.
func TestConvolutions(t *testing.T) {
	var ops []backend.Conv2D
	for size := 1; size <= 6; size++ {
		for stride := 1; stride <= 2; stride++ {
			ops = append(ops, conv(size, 7-size, 12, 12, 3, stride, 12))
			ops = append(ops, conv(size, size+1, 3, 20, 3, stride, 1))
		}
		ops = append(ops, conv(size, size, 20, 12, 1, 1, 1), conv(size, 9*size, 8, 40, 1, 1, 1))
	}
	ops = append(ops, conv(13, 12, 264, 24, 1, 1, 1), conv(2, 2, 520, 32, 1, 1, 1), conv(20, 31, 16, 16, 3, 1, 16))
	for _, set := range kernels.Sets() {
		for _, o := range ops {
			for _, o.Pass = range []backend.Pass{backend.Forward, backend.GradInput, backend.GradWeight} {
				t.Run(fmt.Sprintf("%s/%v", set.Name, o), func(t *testing.T) {
					t.Setenv(kernelsVariable, set.Name)
					requireLikeGeneral(t, o)
				})
			}
		}
	}
}

func requireLikeGeneral(t *testing.T, o backend.Conv2D) {
	f := newCase(t, 2, o)
	f.run(t)
	last := len(f.tensors) - 1
	got := append([]float32(nil), f.numbers(last)...)
	e := &env{kernelSet: f.device.kernels, pool: f.device.pool}
	for _, x := range f.tensors {
		e.operands = append(e.operands, x.Buf.(*buffer).mem)
	}
	clear(f.numbers(last))
	require.NoError(t, newGeneral(o, e).run())
	for i, want := range f.numbers(last) {
		require.InDelta(t, want, got[i], 2e-6*float64(want)+1e-6, "number %d", i)
	}
}
