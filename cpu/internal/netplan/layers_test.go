package netplan

import (
	"fmt"
	"testing"
	"time"

	"mnv2/cpu/internal/kernels"
)

// BenchmarkLayers reports the best time of every layer within whole runs on one thread.
func BenchmarkLayers(b *testing.B) {
	s := newSetup(b, mobileNet(1, 224, 224, 1, 1000), kernels.Sets()[0], 1)
	s.run(b)
	p := s.plan
	p.run.x, p.run.y, p.run.weights, p.run.scratch = s.x, s.y, s.weights, s.scratch
	best := make([]time.Duration, len(p.layers)+2)
	for i := range best {
		best[i] = time.Hour
	}
	peak := 0.0
	for b.Loop() {
		x := p.imageInput(0)
		for i := range p.layers {
			l := &p.layers[i]
			y := p.scratch(p.workers[0].between[i%2], l.out.floats())
			start := time.Now()
			l.band(p, &p.workers[0], x, y, 0, l.out.h)
			best[i] = min(best[i], time.Since(start))
			x = y
		}
		start := time.Now()
		for i := range p.head.last.panels {
			p.head.pool(p, &p.workers[0], i, x, 0)
		}
		best[len(p.layers)] = min(best[len(p.layers)], time.Since(start))
		start = time.Now()
		p.pool.Run(p.head.chunks(), p.tasks.classify)
		best[len(p.layers)+1] = min(best[len(p.layers)+1], time.Since(start))
		peak = max(peak, peakRate(p.pool))
	}
	total := time.Duration(0)
	ideal := 0.0
	for i := range best {
		work := 0
		name := "last"
		if i < len(p.layers) {
			l := &p.layers[i]
			work = l.mid.pixels()*l.expand.k*l.mid.c + l.out.pixels()*l.mid.c*(9+l.out.c)
			name = l.describe()
		} else if i == len(p.layers) {
			work = p.head.in.pixels() * p.head.in.c * s.net.Last
		} else {
			work, name = s.net.Last*s.net.Classes, "classifier"
		}
		rate := 2 * float64(work) / best[i].Seconds()
		fmt.Printf("%-40s %8.1f us %6.1f GFLOP/s %5.1f%% lost %5.1f us\n", name, best[i].Seconds()*1e6, rate/1e9, 100*rate/peak, best[i].Seconds()*1e6-2e6*float64(work)/peak)
		total += best[i]
		ideal += 2 * float64(work) / peak
	}
	fmt.Printf("total %v, floor %.3f ms, peak %.1f\n", total, ideal*1e3, peak/1e9)
}
