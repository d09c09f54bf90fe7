package netplan

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkLayers prints the best time of every layer within whole runs.
func BenchmarkLayers(b *testing.B) {
	for threads := 1; threads <= 2; threads++ {
		b.Run(fmt.Sprintf("threads%d", threads), func(b *testing.B) { benchmarkLayers(b, threads) })
	}
}

func benchmarkLayers(b *testing.B, threads int) {
	s := newSetup(b, mobileNet(1, 224, 224, 1, 1000), benchSet(b), threads)
	s.run(b)
	p := s.plan
	p.run.x, p.run.y, p.run.weights, p.run.scratch = s.x, s.y, s.weights, s.scratch
	best := make([]time.Duration, len(p.layers)+1)
	for i := range best {
		best[i] = time.Hour
	}
	timed := func(i int, f func()) {
		start := time.Now()
		f()
		best[i] = min(best[i], time.Since(start))
	}
	peak := 0.0
	for b.Loop() {
		p.run.in = p.imageInput(0)
		for i := range p.layers {
			timed(i, func() { p.runLayer(i) })
		}
		timed(len(p.layers), func() { p.head.finishOne(p) })
		peak = max(peak, peakRate(p.pool))
	}
	printLayers(s, best, peak)
}

func printLayers(s *setup, best []time.Duration, peak float64) {
	p := s.plan
	last := picture{p.head.in.h, p.head.in.w, s.net.Last}
	names, works := []string{}, []int{}
	for i := range p.layers {
		l := &p.layers[i]
		names = append(names, l.describe())
		works = append(works, l.mid.pixels()*l.groups[0].expand.k*l.mid.c+l.out.pixels()*l.mid.c*(9+l.out.c))
	}
	names = append(names, "head")
	works = append(works, last.pixels()*p.head.in.c*last.c+last.c*s.net.Classes)
	var total, ideal time.Duration
	for i, name := range names {
		floor := time.Duration(2e9 * float64(works[i]) / peak)
		fmt.Printf("%-40s %8.1f us %6.1f GFLOP/s %5.1f%% lost %5.1f us\n", name, best[i].Seconds()*1e6,
			2e-9*float64(works[i])/best[i].Seconds(), 100*floor.Seconds()/best[i].Seconds(), (best[i]-floor).Seconds()*1e6)
		total, ideal = total+best[i], ideal+floor
	}
	fmt.Printf("total %v, floor %v, peak %.1f\n", total, ideal, peak/1e9)
}
