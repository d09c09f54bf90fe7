package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// peakRate measures the limit of the core now, in operations a second; 0 if there is no probe. Best of a few short runs.
func peakRate() float64 {
	best := 0.0
	for range 20 {
		const n = 20_000
		start := time.Now()
		if !Peak(n) {
			return 0
		}
		best = max(best, n*PeakFLOPs/time.Since(start).Seconds())
	}
	return best
}

// report adds the rate of b, whose iteration has some multiply-adds, and its share of the limit measured right after.
func report(b *testing.B, multiplyAdds int) {
	rate := 2 * float64(multiplyAdds) * float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate/1e9, "GFLOP/s")
	if peak := peakRate(); peak > 0 {
		b.ReportMetric(100*rate/peak, "%peak")
	}
}

func BenchmarkPointwise(b *testing.B) {
	shapes := []struct{ rows, k, vectors int }{
		{448, 16, 2}, {112, 24, 2}, {224, 96, 3}, {112, 32, 2}, {784, 192, 2}, {196, 64, 2}, {196, 576, 2}, {49, 160, 2}, {49, 960, 2},
		{49, 960, 3}, {196, 96, 1},
	}
	for _, s := range Sets() {
		for _, shape := range shapes {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", s.Name, shape.rows, shape.k, shape.vectors*Lanes), func(b *testing.B) {
				c := pointwiseCase{rows: shape.rows, blocks: shape.k / Lanes, vectors: shape.vectors, clamp: relu6}
				c.fill(allValues[0], rand.New(rand.NewPCG(1, 2)))
				args, kernel := c.args(s), s.Pointwise[c.vectors]
				for b.Loop() {
					kernel(args)
				}
				report(b, shape.rows*shape.k*shape.vectors*Lanes)
			})
		}
	}
}

func BenchmarkDepthwise(b *testing.B) {
	shapes := []struct{ stride, height, width int }{{1, 4, 112}, {2, 4, 112}, {1, 4, 56}, {1, 28, 28}, {2, 28, 28}, {1, 14, 14}, {2, 14, 14}, {1, 7, 7}}
	for _, s := range Sets() {
		for _, shape := range shapes {
			b.Run(fmt.Sprintf("%s/s%d_%dx%d", s.Name, shape.stride, shape.height, shape.width), func(b *testing.B) {
				c := depthwiseCase{stride: shape.stride, height: shape.height, width: shape.width, clamp: relu6}
				c.fill(allValues[0], rand.New(rand.NewPCG(1, 2)))
				args, kernel := c.args(), s.Depthwise[c.stride]
				for b.Loop() {
					kernel(args)
				}
				report(b, c.rows*c.columns*9*Lanes)
			})
		}
	}
}

func BenchmarkStem(b *testing.B) {
	for _, s := range Sets() {
		for vectors := 1; vectors <= 3; vectors++ {
			b.Run(fmt.Sprintf("%s/224x%d", s.Name, vectors*Lanes), func(b *testing.B) {
				c := stemCase{width: 224, channels: 3, vectors: vectors}
				c.fill(allValues[0], rand.New(rand.NewPCG(1, 2)))
				args, kernel := c.args(s), s.Stem[vectors]
				for b.Loop() {
					kernel(args)
				}
				report(b, c.columns*27*vectors*Lanes)
			})
		}
	}
}

func BenchmarkPeak(b *testing.B) {
	if !Peak(1) {
		b.Skip("no probe")
	}
	for b.Loop() {
		Peak(1000)
	}
	b.ReportMetric(1000*PeakFLOPs*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
