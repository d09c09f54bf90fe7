package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/internal/golden"
)

// MindCV's own batches: 4 pictures of 12 pixels, of which picture i is mixed with 3-i.
func TestMixEqualsMindCV(t *testing.T) {
	labels := []int{0, 3, 2, 1}
	for _, c := range loadPolicies(t).Batches {
		x := Mixture{Lambda: float32(c.Lam)}
		if c.Centre != nil {
			x = cutAt(c.Lam, 12, c.Centre[1], c.Centre[0])
		}
		pix, one := golden.Images("mix", 4, 12), golden.Images("mix", 4, 12)
		n := 12 * 12 * 3
		for i := range 2 {
			x.Pair(pix[i*n:(i+1)*n], pix[(3-i)*n:(4-i)*n], 12)
		}
		original := slices.Clone(one)
		for i := range 4 {
			x.One(one[i*n:(i+1)*n], original[(3-i)*n:(4-i)*n], 12)
		}
		require.Equal(t, pix, one)
		for i, v := range c.Pixels {
			require.InDelta(t, v, float64(pix[i]), 0.503, "%v %v byte %d", c.Lam, c.Centre, i)
		}
		for i, row := range c.Targets {
			target := make([]float64, 5)
			target[labels[i]] += float64(x.Lambda)
			target[labels[3-i]] += 1 - float64(x.Lambda)
			assert.InDeltaSlice(t, row, target, 1e-6, "%v %v row %d", c.Lam, c.Centre, i)
		}
	}
}

func TestMixDraws(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const n = 20000
	counts := func(m Mix) (cut, mixed int, mean float64) {
		for range n {
			x := m.Draw(rng, 224)
			require.True(t, x.Lambda >= 0 && x.Lambda <= 1)
			if x.IsCut {
				cut++
				require.InDelta(t, 1-float64(x.Box.W*x.Box.H)/(224*224), x.Lambda, 1e-6)
			} else if x.Lambda < 1 {
				mixed++
			}
			mean += float64(x.Lambda) / n
		}
		return cut, mixed, mean
	}
	cut, mixed, mean := counts(Mix{Mixup: 0.2, Prob: 1})
	assert.Zero(t, cut)
	assert.Greater(t, mixed, n*9/10) // the rest is so near to 1 that a float32 cannot tell
	assert.InDelta(t, 0.5, mean, 0.02)
	cut, mixed, _ = counts(Mix{Mixup: 1, Cutmix: 1, Prob: 0.5, Switch: 0.25})
	assert.InDelta(t, n/8, cut, 400)
	assert.InDelta(t, n*3/8, mixed, 400)
	cut, mixed, _ = counts(Mix{Cutmix: 1, Prob: 1})
	assert.Equal(t, n, cut)
	assert.Zero(t, mixed)
	cut, mixed, _ = counts(Mix{Prob: 1})
	assert.Zero(t, cut+mixed)
}

// The moments of Beta(a, a): mean 1/2, variance 1/(4(2a+1)).
func TestBeta(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, alpha := range []float64{0.01, 0.2, 1, 3, 50} {
		const n = 40000
		sum, squares := 0., 0.
		for range n {
			v := Beta(rng, alpha)
			require.True(t, v >= 0 && v <= 1)
			sum, squares = sum+v, squares+(v-0.5)*(v-0.5)
		}
		variance := 1 / (4 * (2*alpha + 1))
		assert.InDelta(t, 0.5, sum/n, 5*math.Sqrt(variance/n), "%v", alpha)
		assert.InEpsilon(t, variance, squares/n, 0.05, "%v", alpha)
	}
	weights := make([]float32, 4)
	for range 100 {
		dirichlet(rng, 0.05, weights)
		assert.InDelta(t, 1, weights[0]+weights[1]+weights[2]+weights[3], 1e-5)
	}
}

func TestMixChecks(t *testing.T) {
	require.NoError(t, Mix{Mixup: 0.2, Cutmix: 1, Prob: 1, Switch: 0.5}.Check())
	require.ErrorContains(t, Mix{Mixup: -1}.Check(), "mixup -1: must be between 0")
	require.ErrorContains(t, Mix{Prob: 2}.Check(), "cutmix_prob 2: must be between 0 and 1")
	require.ErrorContains(t, Mix{Cutmix: math.NaN()}.Check(), "cutmix NaN")
	m, err := ParseMixMode("Pair")
	require.NoError(t, err)
	require.Equal(t, MixPair, m)
	_, err = ParseMixMode("half")
	require.ErrorContains(t, err, `mixup_mode "half": want batch, pair or elem`)
	assert.True(t, Mix{Mixup: 1, OffEpoch: 3}.IsOnIn(2))
	assert.False(t, Mix{Mixup: 1, OffEpoch: 3}.IsOnIn(3))
	assert.True(t, Mix{Mixup: 1}.IsOnIn(300))
	assert.False(t, Mix{}.IsOnIn(0))
}

func TestErasing(t *testing.T) {
	e := Erasing{Prob: 0.5, Scale: [2]float64{0.02, 0.33}, Ratio: [2]float64{0.3, 3.3}, Attempts: 10,
		Mean: [3]float64{123.675, 116.28, 103.53}, Std: [3]float64{58.395, 57.12, 57.375}}
	require.NoError(t, e.Check())
	rng := rand.New(rand.NewPCG(9, 9))
	erased := 0
	for range 2000 {
		m := pixel.New(40, 30, 3)
		e.Apply(m, rng)
		n := 0
		for i := 0; i < len(m.Pix); i += 3 {
			if m.Pix[i] != 0 {
				require.Equal(t, []byte{124, 116, 104}, m.Pix[i:i+3], "0 of normalised numbers is the mean")
				n++
			}
		}
		if n > 0 {
			erased++
			require.True(t, n >= 12 && n <= 450, "%d pixels", n) // shares of 1200, give or take what rounding the sides does
		}
	}
	assert.InDelta(t, 1000, erased, 120)
	e.Prob = 1
	e.Mode = ErasePixels
	var values []float64
	for range 200 {
		m := pixel.New(40, 30, 3)
		r, ok := e.rect(rng, 40, 30)
		require.True(t, ok)
		e.fill(m, r, rng)
		for y := r.Y; y < r.Y+r.H; y++ {
			for x := r.X; x < r.X+r.W; x++ {
				values = append(values, (float64(m.Row(y)[3*x])-e.Mean[0])/e.Std[0])
			}
		}
	}
	mean, squares := 0., 0.
	for _, v := range values {
		mean, squares = mean+v/float64(len(values)), squares+v*v/float64(len(values))
	}
	assert.InDelta(t, 0, mean, 0.02)
	assert.InDelta(t, 0.98, squares, 0.04) // a little less than 1: bytes end at -2.1 and 2.2 deviations
	e.Mode = EraseColour
	m := pixel.New(40, 30, 3)
	e.fill(m, pixel.Rect{X: 3, Y: 4, W: 5, H: 6}, rng)
	require.Equal(t, m.Row(4)[9:12], m.Row(9)[21:24])
}

func TestEraseValue(t *testing.T) {
	for text, want := range map[string]struct {
		mode  EraseMode
		value [3]float64
	}{
		"0": {EraseConst, [3]float64{}}, "1.5": {EraseConst, [3]float64{1.5, 1.5, 1.5}}, "[1, -2, 3]": {EraseConst, [3]float64{1, -2, 3}},
		"(1,2,3)": {EraseConst, [3]float64{1, 2, 3}}, "random": {ErasePixels, [3]float64{}}, "pixel": {ErasePixels, [3]float64{}},
		"rand": {EraseColour, [3]float64{}},
	} {
		mode, value, err := ParseEraseValue(text)
		require.NoError(t, err, text)
		assert.Equal(t, want.mode, mode, text)
		assert.Equal(t, want.value, value, text)
	}
	for _, text := range []string{"", "1,2", "1,2,3,4", "1,x,3", "NaN", "Inf"} {
		_, _, err := ParseEraseValue(text)
		require.ErrorContains(t, err, "want a number, three numbers, rand or pixel", text)
	}
	require.ErrorContains(t, Erasing{Prob: 2}.Check(), "re_prob 2")
	require.ErrorContains(t, Erasing{Prob: 1, Scale: [2]float64{0.5, 2}}.Check(), "re_scale")
	require.ErrorContains(t, Erasing{Prob: 1, Scale: [2]float64{0.1, 0.2}}.Check(), "re_ratio")
	require.ErrorContains(t, Erasing{Prob: 1, Scale: [2]float64{0.1, 0.2}, Ratio: [2]float64{1, 2}}.Check(), "re_max_attempts 0")
}
