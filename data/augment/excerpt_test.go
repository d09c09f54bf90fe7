package augment

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/data/resize"
)

// twoStep is what the loader takes.
type twoStep interface {
	Choose(rng *rand.Rand, w, h int) pixel.Rect
	Make(dst []byte, e pixel.Excerpt, rng *rand.Rand, s *Scratch)
}

// cutOut is the excerpt that a decoder of parts would give.
func cutOut(img pixel.Image, r pixel.Rect) pixel.Excerpt {
	out := pixel.New(r.W, r.H, img.C)
	for y := range r.H {
		copy(out.Row(y), img.Row(r.Y + y)[r.X*img.C:])
	}
	return pixel.Excerpt{Image: out, At: r, Part: r, W: img.W, H: img.H}
}

// dirty spoils memory that must not be read before it is written.
func (s *Scratch) dirty() {
	for i := range s.canvas {
		s.canvas[i] ^= 0xA5
	}
}

// Of the part alone every transform makes what it makes of the whole picture, whatever is in the memory it works in.
func TestMakeOfAPartEqualsApply(t *testing.T) {
	sizes := rand.New(rand.NewPCG(3, 14))
	var a, b Scratch
	for _, f := range []resize.Filter{resize.CV2Linear, resize.CV2Nearest, resize.CV2Cubic, resize.CV2Area, resize.PILBilinear, resize.PILBicubic} {
		for seed := range uint64(80) {
			img := noise(1+sizes.IntN(170), 1+sizes.IntN(170), 1+2*sizes.IntN(2), seed)
			size := 1 + sizes.IntN(60)
			train := mindcv(size)
			train.Filter = f
			cut := Eval{Size: size, CropPct: min(float64(size), 0.3+2*sizes.Float64()), Filter: f}
			require.NoError(t, cut.Check())
			for _, tr := range []twoStep{train, cut, Whole{size, f}, CifarTrain{size, f}} {
				want, got := make([]byte, size*size*img.C), make([]byte, size*size*img.C)
				rng := rand.New(rand.NewPCG(seed, 1))
				tr.Make(want, img.Excerpt(tr.Choose(rng, img.W, img.H)), rng, &a)
				after := rng.Uint64()
				rng = rand.New(rand.NewPCG(seed, 1))
				e := cutOut(img, tr.Choose(rng, img.W, img.H))
				require.NoError(t, e.Check(), "%+v of %dx%d", tr, img.W, img.H)
				b.dirty()
				tr.Make(got, e, rng, &b)
				require.Equal(t, want, got, "%+v of %dx%d", tr, img.W, img.H)
				require.Equal(t, after, rng.Uint64(), "as many random numbers")
			}
		}
	}
}

// Far to the right OpenCV's positions are only good to a few pixels.
func TestEvalOfAPartOfAVeryLongLine(t *testing.T) {
	img := pixel.New(1<<25+12345, 1, 1)
	for i := 1 << 24; i < 1<<24+1<<16; i++ { // the middle is what counts
		img.Pix[i] = byte(i * i >> 5)
	}
	e := Eval{Size: 16, CropPct: 0.9, Filter: resize.CV2Linear}
	var s Scratch
	want, got := make([]byte, 16*16), make([]byte, 16*16)
	e.Apply(want, img, &s)
	e.Make(got, cutOut(img, e.Choose(nil, img.W, 1)), nil, &s)
	require.Equal(t, want, got)
}

func TestEvalChooses(t *testing.T) {
	for name, c := range map[string]struct {
		e    Eval
		w, h int
		want pixel.Rect
	}{
		"photograph":  {Eval{Size: 224, CropPct: 0.875, Filter: resize.CV2Linear}, 500, 375, pixel.Rect{X: 81, Y: 20, W: 335, H: 334}},
		"antialiased": {Eval{Size: 224, CropPct: 0.875, Filter: resize.PILBilinear}, 500, 375, pixel.Rect{X: 80, Y: 19, W: 337, H: 336}},
		"all":         {Eval{Size: 224, CropPct: 1, Filter: resize.CV2Linear}, 200, 200, pixel.Rect{W: 200, H: 200}},
		"border":      {Eval{Size: 224, CropPct: 2, Filter: resize.CV2Linear}, 90, 80, pixel.Rect{W: 90, H: 80}},
		"one pixel":   {Eval{Size: 224, CropPct: 0.875, Filter: resize.PILBicubic}, 1, 1, pixel.Rect{W: 1, H: 1}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, c.e.Choose(nil, c.w, c.h)) })
	}
}

func TestLargeCanvasIsNotKept(t *testing.T) {
	var s Scratch
	img := noise(1, 1, 3, 1)
	huge := pixel.Excerpt{Image: img, At: pixel.Rect{X: 3, Y: 4, W: 1, H: 1}, Part: pixel.Rect{X: 3, Y: 4, W: 1, H: 1}, W: 8000, H: 3000}
	require.Equal(t, img.Pix, s.inPlace(huge).Row(4)[9:12])
	require.Greater(t, cap(s.canvas), maxCanvas)
	huge.W, huge.H = 10, 10
	s.inPlace(huge)
	require.Less(t, cap(s.canvas), maxCanvas)
}
