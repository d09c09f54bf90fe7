package tolerance_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/tolerance"
)

var (
	nan      = math.NaN()
	inf      = math.Inf(1)
	minus0   = math.Copysign(0, -1)
	denormal = 0x1p-149
)

func TestRatio(t *testing.T) {
	big := float64(math.MaxFloat32)
	for _, c := range []struct {
		name             string
		got, want, bound float64
		ratio            float64
	}{
		{"zero against zero", 0, 0, 0, 0},
		{"minus zero against zero", minus0, 0, 0, 0},
		{"equal without a bound", 3, 3, 0, 0},
		{"different without a bound", 3, 4, 0, inf},
		{"half the bound", 3.5, 3, 1, 0.5},
		{"at the bound", 4, 3, 1, 1},
		{"beyond the bound", 5, 3, 1, 2},
		{"opposite sign", -1, 1, 1, 2},
		{"NaN wanted and got", nan, nan, 0, 0},
		{"NaN wanted", 1, nan, inf, inf},
		{"NaN got", nan, 1, inf, inf},
		{"NaN got for infinity", nan, inf, inf, inf},
		{"infinity", inf, inf, 0, 0},
		{"infinity of the other sign", -inf, inf, inf, inf},
		{"largest for infinity", big, inf, inf, inf},
		{"infinity for one", inf, 1, 0.5, inf},
		{"infinity where overflow is possible", inf, big * 0.999, big * 0.01, 0},
		{"wrong infinity where overflow is possible", -inf, big * 0.999, big * 0.01, inf},
		{"finite where overflow is possible", big * 0.999, big, big * 0.01, 0.1},
		{"infinity where overflow is certain", inf, big * 4, big, 0},
		{"finite where overflow is certain", big, big * 4, big, inf},
		{"denormal against zero, flushing allowed", 0, denormal, 0x1p-126, 0x1p-23},
		{"denormal against zero, exact", 0, denormal, 0, inf},
		{"bound is NaN", 1, 2, nan, inf},
		{"bound is negative", 1, 2, -1, inf},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.InDelta(t, 0, relative(tolerance.F32.Ratio(c.got, c.want, c.bound), c.ratio), 1e-9)
		})
	}
}

// relative is 0 for equal numbers, infinite ones included.
func relative(got, want float64) float64 {
	if got == want {
		return 0
	}
	return got/want - 1
}

func TestCompareNamesTheWorstElement(t *testing.T) {
	r, err := tolerance.Compare(tolerance.F32, []float64{1, 2.5, 3, 9}, []float64{1, 2, 3, 8}, []float64{1, 0.25, 0, 1})
	require.NoError(t, err)
	assert.False(t, r.OK())
	assert.Equal(t, 1, r.Wrong)
	assert.Equal(t, 1, r.Worst)
	assert.Equal(t, 2.0, r.Ratio)
	assert.Contains(t, r.String(), "1 of 4 elements wrong, the worst at 1: got 2.5, want 2 (error 0.5, allowed 0.25)")
}

func TestCompareWantsEqualCounts(t *testing.T) {
	_, err := tolerance.Compare(tolerance.F32, []float64{1}, []float64{1, 2}, []float64{1, 2})
	assert.ErrorContains(t, err, "want equal counts")
	r, err := tolerance.Compare(tolerance.F32, nil, nil, nil)
	require.NoError(t, err)
	assert.True(t, r.OK())
}

func TestRelL2(t *testing.T) {
	assert.Equal(t, 0.0, tolerance.RelL2([]float64{0, minus0}, []float64{0, 0}))
	assert.Equal(t, 0.0, tolerance.RelL2([]float64{3, nan}, []float64{3, nan}))
	assert.Equal(t, inf, tolerance.RelL2([]float64{1}, []float64{0}))
	assert.InDelta(t, 0.2, tolerance.RelL2([]float64{3, 5}, []float64{3, 4}), 1e-15)
	assert.InDelta(t, 0.2, tolerance.RelL2([]float64{3e300, 5e300}, []float64{3e300, 4e300}), 1e-15)
	assert.InDelta(t, 0.2, tolerance.RelL2([]float64{3e-300, 5e-300}, []float64{3e-300, 4e-300}), 1e-15)
	assert.InDelta(t, 1.0, tolerance.RelL2([]float64{0, 1}, []float64{4, inf}), 1e-15)
}

func TestGamma(t *testing.T) {
	assert.Equal(t, 0.0, tolerance.Gamma(0, 0x1p-24))
	assert.InEpsilon(t, 0x1p-24, tolerance.Gamma(1, 0x1p-24), 1e-6)
	assert.Equal(t, inf, tolerance.Gamma(1<<11, 0x1p-11))
}

func TestSpacingCoversRoundingToTheFormat(t *testing.T) {
	for _, v := range []float64{0, 1, 1 + 0x1p-24, 1.5 - 0x1p-25, 1e-40, denormal * 0.4, 1e38, -7.1} {
		assert.LessOrEqual(t, math.Abs(float64(float32(v))-v), tolerance.F32.Spacing(v), "%g", v)
	}
}

func TestSumCoversFloat32DotProductsAndIsNotIdle(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	largest := 0.0
	for n := 1; n < 400; n += 3 {
		var single float32
		exact, magnitude := 0.0, 0.0
		for range n {
			a, b := float32(rng.NormFloat64()), float32(rng.NormFloat64())
			single += a * b
			exact += float64(a) * float64(b)
			magnitude += math.Abs(float64(a) * float64(b))
		}
		ratio := math.Abs(float64(single)-exact) / tolerance.F32.Sum(n, magnitude)
		require.LessOrEqual(t, ratio, 1.0)
		largest = max(largest, ratio)
	}
	assert.Greater(t, largest, 0.05, "the bound is so wide that nothing would be caught")
}
