package train

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTally(t *testing.T) {
	counts := tally{smoothing: 0.1}
	counts.add([]float32{0, 0, 3, 0}, 2) // first
	counts.add([]float32{1, 2, 3, 4}, 0) // fourth of four: in the best five
	got := counts.metrics()
	assert.Equal(t, 50.0, got.Top1)
	assert.Equal(t, 100.0, got.Top5)
	assert.Equal(t, 2, got.Images)
	// by hand: ln(3+e^3)-3 = 0.139206, ln(e+e^2+e^3+e^4)-1 = 3.440190
	assert.InDelta(t, (0.139206+3.440190)/2, got.Loss, 1e-5)
	smooth := func(loss float64, others ...float64) float64 {
		sum := loss
		for _, o := range others {
			sum += o
		}
		return 0.9*loss + 0.1*sum/4
	}
	want := smooth(0.139206, 3.139206, 3.139206, 3.139206) + smooth(3.440190, 2.440190, 1.440190, 0.440190)
	assert.InDelta(t, want/2, got.LossSmoothed, 1e-5)
}

func TestTallyOfEqualScoresIsNotTop(t *testing.T) {
	var counts tally
	row := make([]float32, 10)
	counts.add(row, 0)
	counts.add(row, 4)
	counts.add(row, 5)
	got := counts.metrics()
	assert.InDelta(t, 100.0/3, got.Top1, 1e-9, "a network that says nothing must not be right by chance of order more than once")
	assert.InDelta(t, 200.0/3, got.Top5, 1e-9)
}

func TestTallyOfBrokenScores(t *testing.T) {
	nan := float32(math.NaN())
	var counts tally
	counts.add([]float32{nan, nan, nan, nan, nan, nan}, 3)
	assert.Zero(t, counts.metrics().Top1)
	assert.Zero(t, counts.metrics().Top5)
	assert.True(t, math.IsNaN(counts.metrics().Loss))

	var unknown tally
	unknown.add([]float32{1, 2}, 7)
	assert.Zero(t, unknown.metrics().Top5)
	assert.True(t, math.IsInf(unknown.metrics().Loss, 1))
}
