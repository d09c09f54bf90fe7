package golden

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTraining(t *testing.T) {
	for _, width := range []float64{0.75, 1} {
		g := LoadTraining(t, width)
		require.Len(t, g.Streams, g.Steps)
		require.Len(t, g.Pictures(0), g.Batch*3*g.Size*g.Size)
		require.Len(t, g.Labels(0), g.Batch)
		require.Len(t, g.Tensors("grad"), 158)
		for run := range g.Runs {
			require.Len(t, g.Tensors(run+".state"), 262)
			losses, spread := g.Losses(run)
			require.Len(t, losses, g.Steps)
			require.InDelta(t, math.Log(10), losses[0], 1)
			require.Less(t, spread[0].Max, 1e-4)
		}
		distance, yardstick := g.Distance("grad", "classifier.1.bias", make([]float32, g.Classes))
		require.InDelta(t, g.Norm("grad", "classifier.1.bias"), distance, 1e-6)
		require.True(t, yardstick.Median > 0 && yardstick.Median <= yardstick.Max)
	}
}

func TestSample(t *testing.T) {
	for n, want := range map[int]int{1: 1, 1280: 1, 1281: 4, 1284: 5, 12800: 27, 153600: 301} {
		require.Equal(t, want, sampleStride(n), n)
	}
	require.Equal(t, []int{7}, Sample([]int{7}))
	require.Len(t, Sample(make([]byte, 12800)), (12800+26)/27)
}
