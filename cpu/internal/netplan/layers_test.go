package netplan

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mnv2/cpu/internal/kernels"
)

// BenchmarkLayers prints the best time of every step within whole runs.
func BenchmarkLayers(b *testing.B) {
	for threads := 1; threads <= 2; threads++ {
		b.Run(fmt.Sprintf("threads%d", threads), func(b *testing.B) { benchmarkLayers(b, threads) })
	}
}

func benchmarkLayers(b *testing.B, threads int) {
	s := newSetup(b, mobileNet(1, 224, 224, 1, 1000), benchSet(b), threads)
	steps := s.plan.Steps()
	best, spent := make([]time.Duration, len(steps)), make([]time.Duration, len(steps))
	peak := 0.0
	for b.Loop() {
		require.NoError(b, s.plan.RunTimed(s.x, s.y, s.weights, s.scratch, spent))
		for i, t := range spent {
			if best[i] == 0 || t < best[i] {
				best[i] = t
			}
		}
		peak = max(peak, PeakRate(s.plan.pool, 130))
	}
	var total, ideal time.Duration
	for i, step := range steps {
		work := 2 * float64(step.MultiplyAdds)
		floor := time.Duration(work / peak * 1e9)
		fmt.Fprintf(os.Stderr, "%-40s %8.1f us %6.1f GFLOP/s %5.1f%% of peak, lost %5.1f us\n", step.Name, best[i].Seconds()*1e6,
			work/best[i].Seconds()/1e9, 100*floor.Seconds()/best[i].Seconds(), (best[i]-floor).Seconds()*1e6)
		total, ideal = total+best[i], ideal+floor
	}
	fmt.Fprintf(os.Stderr, "total %v, floor %v, peak %.1f GFLOP/s\n", total, ideal, peak/1e9)
}

func TestRunTimed(t *testing.T) {
	for images := 1; images <= 5; images += 2 { // threads share an image, or take one each
		t.Run(fmt.Sprint(images), func(t *testing.T) { testRunTimed(t, images) })
	}
}

func testRunTimed(t *testing.T, images int) {
	s := newSetup(t, mobileNet(images, 64, 64, 0.5, 10), kernels.Sets()[0], 2)
	s.run(t)
	want := append([]float32(nil), s.y...)
	steps := s.plan.Steps()
	spent, sum := make([]time.Duration, len(steps)), 0
	start := time.Now()
	require.NoError(t, s.plan.RunTimed(s.x, s.y, s.weights, s.scratch, spent))
	took, total := time.Since(start), time.Duration(0)
	require.Equal(t, want, s.y)
	for i, step := range steps {
		require.Positive(t, spent[i], step.Name)
		total += spent[i]
		sum += step.MultiplyAdds
	}
	require.LessOrEqual(t, total, took)
	require.Equal(t, s.net.multiplyAdds(), sum)
	require.Error(t, s.plan.RunTimed(s.x, s.y, s.weights, s.scratch, spent[1:]))
	require.Equal(t, len(kernels.Sets()) > 1, PeakRate(s.plan.pool, 1) > 0)
}
