package augment

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/data/resize"
)

func noise(w, h, c int, seed uint64) pixel.Image {
	m := pixel.New(w, h, c)
	rng := rand.New(rand.NewPCG(seed, 9))
	for i := range m.Pix {
		m.Pix[i] = byte(rng.Uint32())
	}
	return m
}

func mindcv(size int) Train {
	return Train{Size: size, Scale: mindcvScale, Ratio: mindcvRatio, HFlip: 0.5, VFlip: 0.2, ColorJitter: [4]float64{0.4, 0.4, 0.4, 0.1}}
}

func TestFlips(t *testing.T) {
	for _, c := range []int{1, 3} {
		for _, w := range []int{1, 4, 5} {
			m, want := noise(w, 3, c, 1), noise(w, 3, c, 1)
			FlipHorizontal(m)
			FlipVertical(m)
			for i := range w * 3 { // both together turn the picture by 180 degrees
				require.Equal(t, want.Pix[i*c:i*c+c], m.Pix[(w*3-1-i)*c:(w*3-i)*c])
			}
			FlipVertical(m)
			require.Equal(t, want.Row(0)[:c], m.Row(0)[(w-1)*c:])
		}
	}
}

func TestTrainIsDeterministic(t *testing.T) {
	img := noise(61, 47, 3, 2)
	a, b := make([]byte, 32*32*3), make([]byte, 32*32*3)
	var one, two Scratch
	for seed := range uint64(20) {
		mindcv(32).Apply(a, img, rand.New(rand.NewPCG(seed, 1)), &one)
		mindcv(32).Apply(b, img, rand.New(rand.NewPCG(seed, 1)), &two)
		require.Equal(t, a, b)
		mindcv(32).Apply(b, img, rand.New(rand.NewPCG(seed, 2)), &two)
		require.False(t, bytes.Equal(a, b), "another seed gives another picture")
	}
	require.Equal(t, noise(61, 47, 3, 2), img, "the source stays as it is")
}

// With everything off but the crop, the result is the resized rectangle that the same numbers give.
func TestTrainCropOnly(t *testing.T) {
	img := noise(50, 70, 3, 3)
	tr := Train{Size: 16, Scale: mindcvScale, Ratio: mindcvRatio}
	for _, tr.Filter = range []resize.Filter{resize.CV2Linear, resize.PILBilinear, resize.PILBicubic} {
		got, want := make([]byte, 16*16*3), pixel.New(16, 16, 3)
		tr.Apply(got, img, rand.New(rand.NewPCG(5, 5)), new(Scratch))
		r := RandomResizedCrop(rand.New(rand.NewPCG(5, 5)), 50, 70, mindcvScale, mindcvRatio, Attempts)
		resize.Crop(want, img, r, tr.Filter, new(resize.Scratch))
		require.Equal(t, want.Pix, got)
	}
}

func TestFlipProbability(t *testing.T) {
	img := pixel.New(2, 1, 1)
	img.Pix[0] = 255
	tr := Train{Size: 2, Scale: [2]float64{1, 1}, Ratio: [2]float64{2, 2}, HFlip: 0.3}
	rng, dst, flipped := rand.New(rand.NewPCG(6, 6)), make([]byte, 4), 0
	for range 2000 {
		tr.Apply(dst, img, rng, new(Scratch))
		if dst[0] == 0 {
			flipped++
		}
	}
	assert.InDelta(t, 600, flipped, 62) // three standard deviations
}

// Each of the 9x9 shifts must come up, flipped and not, and nothing else.
func TestCifarTrain(t *testing.T) {
	img, rng := noise(32, 32, 3, 6), rand.New(rand.NewPCG(8, 8))
	all := shifted(img)
	require.Len(t, all, 2*9*9)
	seen := map[string]bool{}
	dst := make([]byte, 32*32*3)
	var s Scratch
	for range 2000 {
		CifarTrain{Size: 32}.Apply(dst, img, rng, &s)
		require.True(t, all[string(dst)], "the result is no shifted copy of the source")
		seen[string(dst)] = true
	}
	require.Len(t, seen, len(all))
}

// shifted makes all pictures that CifarTrain may make of a 32x32 image, pixel by pixel.
func shifted(img pixel.Image) map[string]bool {
	all := map[string]bool{}
	for i := range 81 {
		x, y := i%9-4, i/9-4
		m := pixel.New(32, 32, 3)
		for p := range 32 * 32 {
			if sx, sy := p%32+x, p/32+y; sx >= 0 && sy >= 0 && sx < 32 && sy < 32 {
				copy(m.Pix[3*p:3*p+3], img.Pix[3*(sy*32+sx):])
			}
		}
		all[string(m.Pix)] = true
		FlipHorizontal(m)
		all[string(m.Pix)] = true
	}
	return all
}

func TestWholeOnOneChannel(t *testing.T) {
	img := noise(28, 28, 1, 7)
	got, want := make([]byte, 40*40), pixel.New(40, 40, 1)
	MnistEval{Size: 40}.Apply(got, img, new(Scratch))
	resize.Crop(want, img, img.Bounds(), resize.CV2Linear, new(resize.Scratch))
	require.Equal(t, want.Pix, got)
}

func TestNoAllocations(t *testing.T) {
	img, dst, rng := noise(64, 48, 3, 8), make([]byte, 32*32*3), rand.New(rand.NewPCG(1, 1))
	for _, f := range []resize.Filter{resize.CV2Linear, resize.PILBicubic} {
		var s Scratch
		tr := mindcv(32)
		tr.Filter, tr.Scale = f, [2]float64{1, 1} // equal sizes, else a larger crop may still need more memory
		calls := func() {
			tr.Apply(dst, img, rng, &s)
			Eval{Size: 32, CropPct: 0.875, Filter: f}.Apply(dst, img, &s)
			Eval{Size: 32, CropPct: 1.5, Filter: f}.Apply(dst, img, &s)
			CifarTrain{32, f}.Apply(dst, img, rng, &s)
		}
		for range 30 {
			calls()
		}
		assert.Zero(t, testing.AllocsPerRun(5, calls), f.String())
	}
}

func TestCheck(t *testing.T) {
	require.NoError(t, mindcv(224).Check())
	require.NoError(t, Eval{Size: 224, CropPct: 0.875, Filter: resize.CV2Linear}.Check())
	require.NoError(t, CifarTrain{Size: 224}.Check())
	for name, c := range map[string]struct {
		change func(*Train)
		want   string
	}{
		"size":   {func(t *Train) { t.Size = 0 }, "image_resize 0: must be between 1 and"},
		"scale":  {func(t *Train) { t.Scale = [2]float64{0.5, 0.1} }, "scale [0.5 0.1]: must be"},
		"nan":    {func(t *Train) { t.Scale[0] = math.NaN() }, "scale [NaN 1]: must be"},
		"ratio":  {func(t *Train) { t.Ratio[0] = 0 }, "ratio [0 1.333]: must be"},
		"inf":    {func(t *Train) { t.Ratio[1] = math.Inf(1) }, "ratio [0.75 +Inf]: must be"},
		"hflip":  {func(t *Train) { t.HFlip = 1.5 }, "hflip 1.5: must be a probability"},
		"vflip":  {func(t *Train) { t.VFlip = -1 }, "vflip -1: must be a probability"},
		"jitter": {func(t *Train) { t.ColorJitter[1] = -0.1 }, "factor 2 must be 0 (off) or above"},
		"hue":    {func(t *Train) { t.ColorJitter[3] = 0.6 }, "hue must be between 0 (off) and 0.5"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := mindcv(224)
			c.change(&tr)
			require.ErrorContains(t, tr.Check(), c.want)
		})
	}
	require.ErrorContains(t, Eval{Size: 224, CropPct: 0, Filter: 0}.Check(), "crop_pct 0: must be above 0")
	require.ErrorContains(t, Eval{Size: -1, CropPct: 0.875, Filter: 0}.Check(), "image_resize -1")
	require.ErrorContains(t, Whole{Size: 1 << 20}.Check(), "image_resize 1048576")
}

// BenchmarkTrain is the whole training transform of the recipes on an image of ImageNet's usual size.
func BenchmarkTrain(b *testing.B) {
	img, dst, rng := noise(500, 375, 3, 8), make([]byte, 224*224*3), rand.New(rand.NewPCG(1, 1))
	tr := Train{Size: 224, Scale: mindcvScale, Ratio: mindcvRatio, HFlip: 0.5, ColorJitter: [4]float64{0.4, 0.4, 0.4, 0}}
	var s Scratch
	b.ReportAllocs()
	for b.Loop() {
		tr.Apply(dst, img, rng, &s)
	}
}

func BenchmarkHue(b *testing.B) {
	img := noise(224, 224, 3, 8)
	for b.Loop() {
		Hue(img, 0.1)
	}
}
