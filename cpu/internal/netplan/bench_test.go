package netplan

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"mnv2/cpu/internal/kernels"
)

// BenchmarkPlan runs the network of width 1 at 224 px. Best, lower quartile and median are of single runs; the limit is the
// rate of multiply-adds in registers on as many threads, measured between the runs.
func BenchmarkPlan(b *testing.B) {
	for _, c := range []struct{ images, threads int }{{1, 1}, {1, 2}, {32, 1}, {32, 2}} {
		b.Run(fmt.Sprintf("batch%d/threads%d", c.images, c.threads), func(b *testing.B) {
			s := newSetup(b, mobileNet(c.images, 224, 224, 1, 1000), benchSet(b), c.threads)
			s.run(b)
			var times []time.Duration
			peak := 0.0
			for b.Loop() {
				start := time.Now()
				s.run(b)
				times = append(times, time.Since(start))
				if len(times)%4 == 1 {
					peak = max(peak, PeakRate(s.plan.pool, 130))
				}
			}
			slices.Sort(times)
			work := 2 * float64(s.net.multiplyAdds()*c.images)
			ms := func(d time.Duration) float64 { return d.Seconds() * 1e3 / float64(c.images) }
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ms(times[0]), "best-ms")
			b.ReportMetric(ms(times[len(times)/4]), "p25-ms")
			b.ReportMetric(ms(times[len(times)/2]), "median-ms")
			b.ReportMetric(work/times[0].Seconds()/1e9, "GFLOP/s")
			if peak > 0 {
				b.ReportMetric(peak/1e9, "peak-GFLOP/s")
				b.ReportMetric(times[0].Seconds()*peak/work, "x-floor")
			}
		})
	}
}

// benchSet is the kernel set that MNV2_CPU names.
func benchSet(b *testing.B) *kernels.Set {
	set, err := kernels.Best(os.Getenv)
	if err != nil {
		b.Fatal(err)
	}
	return set
}
