package resize

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/internal/shareddata"
)

// TestVectorsGiveTheSameBytes compares the kernels with the plain loops, which golden values hold: random pictures, rectangles,
// sizes and windows, the smallest ones included.
func TestVectorsGiveTheSameBytes(t *testing.T) {
	if !useAVX2 {
		shareddata.Skip(t, "avx2", "no AVX2")
	}
	defer func() { useAVX2 = true }()
	rng := rand.New(rand.NewPCG(3, 4))
	var plain, vectors Scratch
	for range 2000 {
		src := pixel.New(1+rng.IntN(60), 1+rng.IntN(40), 1+2*rng.IntN(2))
		for i := range src.Pix {
			src.Pix[i] = byte(rng.Uint32())
			if rng.IntN(4) == 0 {
				src.Pix[i] = 255 * byte(rng.IntN(2))
			}
		}
		r := pixel.Rect{X: rng.IntN(src.W), Y: rng.IntN(src.H)}
		r.W, r.H = 1+rng.IntN(src.W-r.X), 1+rng.IntN(src.H-r.Y)
		to := Target{W: 1 + rng.IntN(70), H: 1 + rng.IntN(50)}
		to.X, to.Y = rng.IntN(to.W), rng.IntN(to.H)
		want, got := pixel.New(to.W-to.X, to.H-to.Y, src.C), pixel.New(to.W-to.X, to.H-to.Y, src.C)
		filter := []Filter{CV2Linear, CV2Area}[rng.IntN(2)]
		useAVX2 = false
		Window(want, src, r, to, filter, &plain)
		useAVX2 = true
		Window(got, src, r, to, filter, &vectors)
		require.Equal(t, want.Pix, got.Pix, "%dx%dx%d %v %v", src.W, src.H, src.C, r, to)
	}
}
