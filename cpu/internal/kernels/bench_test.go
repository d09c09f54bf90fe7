package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// bestRate runs a kernel and the probe in turn, in bursts so short that most are undisturbed even on a busy machine, and
// returns the highest rate of either in operations a second. The probe's is 0 if there is none.
func bestRate(operations int, kernel func()) (rate, peak float64) {
	burst := max(1, 4_000_000/operations)
	for range 300 {
		start := time.Now()
		for range burst {
			kernel()
		}
		rate = max(rate, float64(burst*operations)/time.Since(start).Seconds())
		start = time.Now()
		if Peak(5000) {
			peak = max(peak, 5000*PeakFLOPs/time.Since(start).Seconds())
		}
	}
	return rate, peak
}

// run benchmarks a kernel that has some multiply-adds, and reports its best rate and the share of the limit.
func run(b *testing.B, multiplyAdds int, kernel func()) {
	for b.Loop() {
		kernel()
	}
	rate, peak := bestRate(2*multiplyAdds, kernel)
	b.ReportMetric(rate/1e9, "GFLOP/s")
	if peak > 0 {
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
				run(b, shape.rows*shape.k*shape.vectors*Lanes, func() { kernel(args) })
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
				run(b, c.rows*c.columns*9*Lanes, func() { kernel(args) })
			})
		}
	}
}

func BenchmarkStem(b *testing.B) {
	for _, s := range Sets() {
		for vectors := 1; vectors <= s.Widest(); vectors++ {
			b.Run(fmt.Sprintf("%s/224x%d", s.Name, vectors*Lanes), func(b *testing.B) {
				c := stemCase{width: 224, channels: 3, vectors: vectors}
				c.fill(allValues[0], rand.New(rand.NewPCG(1, 2)))
				args, kernel := c.args(s), s.Stem[vectors]
				run(b, c.columns*27*vectors*Lanes, func() { kernel(args) })
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
