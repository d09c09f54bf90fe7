package cpu

import (
	"fmt"
	"testing"

	"mnv2/backend"
)

// mobileNetShapes are the convolutions of MobileNetV2 1.0 at 224 pixels that stand for the others.
var mobileNetShapes = []backend.Conv2D{
	{H: 224, W: 224, C: 3, K: 32, R: 3, S: 3, Stride: 2, Pad: 1, Groups: 1},
	{H: 112, W: 112, C: 32, K: 32, R: 3, S: 3, Stride: 1, Pad: 1, Groups: 32},
	{H: 112, W: 112, C: 16, K: 96, R: 1, S: 1, Stride: 1, Groups: 1},
	{H: 112, W: 112, C: 96, K: 96, R: 3, S: 3, Stride: 2, Pad: 1, Groups: 96},
	{H: 56, W: 56, C: 144, K: 24, R: 1, S: 1, Stride: 1, Groups: 1},
	{H: 28, W: 28, C: 32, K: 192, R: 1, S: 1, Stride: 1, Groups: 1},
	{H: 14, W: 14, C: 576, K: 576, R: 3, S: 3, Stride: 1, Pad: 1, Groups: 576},
	{H: 14, W: 14, C: 576, K: 96, R: 1, S: 1, Stride: 1, Groups: 1},
	{H: 7, W: 7, C: 960, K: 160, R: 1, S: 1, Stride: 1, Groups: 1},
	{H: 1, W: 1, C: 1280, K: 1000, R: 1, S: 1, Stride: 1, Groups: 1},
}

// BenchmarkConv2D reports GFLOP/s, by one thread, batch 8.
func BenchmarkConv2D(b *testing.B) {
	for _, pass := range []backend.Pass{backend.Forward, backend.GradInput, backend.GradWeight} {
		for _, o := range mobileNetShapes {
			o.Pass, o.DType, o.Layout, o.N = pass, backend.F32, backend.NCHW8c, 8
			name := fmt.Sprintf("%v/%d_%dx%dx%d_s%d_g%d", pass, o.H, o.C, o.K, o.R, o.Stride, o.Groups)
			if pass == backend.GradInput && o.C == 3 {
				continue // nothing asks for the gradient of the picture
			}
			b.Run(name, func(b *testing.B) { benchmark(b, o, 2*float64(o.MACs()), "GFLOP/s") })
		}
	}
}

// BenchmarkElementwise reports the GB/s that operands take together, by one thread.
func BenchmarkElementwise(b *testing.B) {
	const n, hw, c = 8, 28, 192
	norm := backend.BatchNorm{DType: backend.F32, Layout: backend.NCHW8c, N: n, H: hw, W: hw, C: c, Eps: 1e-5, Momentum: 0.1}
	act := backend.Activation{Act: backend.ReLU6, DType: backend.F32, Layout: backend.NCHW8c, N: n, H: hw, W: hw, C: c}
	pool := backend.GlobalAvgPool{DType: backend.F32, Layout: backend.NCHW8c, N: n, H: hw, W: hw, C: c}
	image := backend.Desc{DType: backend.U8, Layout: backend.NHWC, N: n, H: 224, W: 224, C: 3}
	ops := []backend.Op{
		backend.Add{Desc: norm.In(), A: 1, B: 1},
		backend.Update{Rule: backend.Momentum, Elements: 1 << 20},
		backend.Reduce{Kind: backend.SumSquares, Desc: norm.In()},
		backend.Convert{From: image, To: image.With(backend.F32, backend.NCHW8c), Normalize: true,
			Mean: [4]float32{120, 120, 120}, Std: [4]float32{60, 60, 60}},
		backend.SoftmaxCrossEntropy{Pass: backend.Backward, DType: backend.F32, Layout: backend.NCHW8c, N: 64, C: 1000, Smoothing: 0.1, Mean: true},
	}
	for _, pass := range []backend.Pass{backend.Forward, backend.Infer, backend.Backward} {
		norm.Pass, act.Pass, pool.Pass = pass, pass, pass
		ops = append(ops, norm, act, pool)
	}
	for _, op := range ops {
		bytes := 0.0
		for _, o := range op.Operands() {
			bytes += float64(o.Desc.Bytes())
		}
		b.Run(op.String(), func(b *testing.B) { benchmark(b, op, bytes, "GB/s") })
	}
}

// benchmark runs op and reports work per second, in units of 1e9.
func benchmark(b *testing.B, op backend.Op, work float64, unit string) {
	c := newCase(b, 1, op)
	for b.Loop() {
		c.run(b)
	}
	b.ReportMetric(work*float64(b.N)/b.Elapsed().Seconds()/1e9, unit)
	b.ReportMetric(0, "ns/op")
}
