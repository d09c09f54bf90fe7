package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

// TestConvertPixels compares bits with the formula, for widths around the pixels that the kernel leaves out.
func TestConvertPixels(t *testing.T) {
	for channels := 1; channels <= 4; channels++ {
		for _, width := range []int{1, 2, 3, 7, 8, 9, 37} {
			t.Run(fmt.Sprintf("%dx%d", width, channels), func(t *testing.T) {
				image := backend.Desc{DType: backend.U8, Layout: backend.NHWC, N: 2, H: 3, W: width, C: channels}
				op := backend.Convert{From: image, To: image.With(backend.F32, backend.NCHW8c), Normalize: true,
					Mean: [4]float32{123.675, 116.28, 103.53, 7}, Std: [4]float32{58.395, 57.12, 57.375, 0.3}}
				f := newCase(t, 2, op)
				x, y := f.tensors[0].Buf.(*buffer).mem, slab[vec](f.tensors[1].Buf.(*buffer).mem)
				rng := rand.New(rand.NewPCG(3, 4))
				for i := range x {
					x[i] = byte(rng.Uint32())
				}
				require.NoError(t, f.plan.Run(&f.args, f.scratch))
				for i, pixel := range y {
					for l, got := range pixel {
						want := float32(0)
						if l < channels {
							shift := op.Mean[l] / op.Std[l]
							want = float32(x[i*channels+l])/op.Std[l] - shift
						}
						require.Equal(t, want, got, "pixel %d, lane %d", i, l)
					}
				}
			})
		}
	}
}
