package augment

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
)

var (
	mindcvScale = [2]float64{0.08, 1}
	mindcvRatio = [2]float64{0.75, 1.333}
)

// torchvisionCrop is the size of torchvision's RandomResizedCrop, with both sides computed from the area. Its
// distribution must be the same up to rounding.
func torchvisionCrop(rng *rand.Rand, w, h int) (cw, ch int) {
	for range Attempts {
		area := float64(w*h) * (0.08 + 0.92*rng.Float64())
		aspect := math.Exp(math.Log(0.75) + (math.Log(1.333)-math.Log(0.75))*rng.Float64())
		cw, ch = int(math.RoundToEven(math.Sqrt(area*aspect))), int(math.RoundToEven(math.Sqrt(area/aspect)))
		if 0 < cw && cw <= w && 0 < ch && ch <= h {
			return cw, ch
		}
	}
	return w, h
}

func TestRandomResizedCropDistribution(t *testing.T) {
	const n = 40000
	for _, size := range [][2]int{{500, 375}, {300, 451}, {640, 640}} {
		w, h := size[0], size[1]
		ours, theirs := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(3, 4))
		var area, aspect, area2, aspect2, left, top float64
		for range n {
			r := RandomResizedCrop(ours, w, h, mindcvScale, mindcvRatio, Attempts)
			require.True(t, r.Within(pixel.Rect{W: w, H: h}), "%+v", r)
			area += float64(r.W*r.H) / float64(w*h) / n
			aspect += math.Log(float64(r.W)/float64(r.H)) / n
			left += (float64(r.X) + 0.5) / float64(w-r.W+1) / n
			top += (float64(r.Y) + 0.5) / float64(h-r.H+1) / n
			cw, ch := torchvisionCrop(theirs, w, h)
			area2 += float64(cw*ch) / float64(w*h) / n
			aspect2 += math.Log(float64(cw)/float64(ch)) / n
		}
		assert.InDelta(t, area2, area, 0.006, "mean share of the area") // 3.3 standard errors of the difference
		assert.InDelta(t, aspect2, aspect, 0.004, "mean log aspect")
		assert.InDelta(t, 0.5, left, 0.006, "place across")
		assert.InDelta(t, 0.5, top, 0.006, "place down")
	}
}

// The numbers are fixed: another order of draws would change every training run.
func TestRandomResizedCropIsFixed(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var got []pixel.Rect
	for range 4 {
		got = append(got, RandomResizedCrop(rng, 500, 375, mindcvScale, mindcvRatio, Attempts))
	}
	require.Equal(t, []pixel.Rect{
		{X: 111, Y: 7, W: 359, H: 367}, {X: 103, Y: 8, W: 391, H: 306},
		{X: 76, Y: 17, W: 397, H: 341}, {X: 25, Y: 0, W: 376, H: 332},
	}, got)
}

func TestRandomResizedCropFallback(t *testing.T) {
	for name, c := range map[string]struct {
		w, h int
		want pixel.Rect
	}{
		"narrow":  {10, 1000, pixel.Rect{X: 0, Y: 494, W: 10, H: 13}}, // 10/0.75 = 13.33, (1000-13)/2 = 493.5
		"flat":    {1000, 10, pixel.Rect{X: 494, Y: 0, W: 13, H: 10}}, // 10*1.333 = 13.33
		"between": {40, 40, pixel.Rect{W: 40, H: 40}},
		"line":    {1, 9, pixel.Rect{X: 0, Y: 4, W: 1, H: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(0, 0))
			require.Equal(t, c.want, RandomResizedCrop(rng, c.w, c.h, mindcvScale, mindcvRatio, 0))
		})
	}
}

// Whatever the image and the ranges, the rectangle is inside the image.
func FuzzRandomResizedCrop(f *testing.F) {
	f.Add(uint64(1), uint16(500), uint16(375), 0.08, 1.0, 0.75, 1.333)
	f.Add(uint64(2), uint16(0), uint16(65535), 1e-300, 1e-300, 1e-9, 1e9)
	f.Fuzz(func(t *testing.T, seed uint64, w, h uint16, s0, s1, r0, r1 float64) {
		tr := Train{Size: 1, Scale: [2]float64{s0, s1}, Ratio: [2]float64{r0, r1}}
		if tr.Check() != nil {
			return
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		r := RandomResizedCrop(rng, int(w)+1, int(h)+1, tr.Scale, tr.Ratio, Attempts)
		if !r.Within(pixel.Rect{W: int(w) + 1, H: int(h) + 1}) {
			t.Fatalf("%+v is not inside %dx%d", r, int(w)+1, int(h)+1)
		}
	})
}
