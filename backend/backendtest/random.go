package backendtest

import (
	"math/rand/v2"

	"mnv2/backend"
)

// randomOp returns a random valid primitive of bounded size that suits the device.
func randomOp(rng *rand.Rand, info backend.Info) opCase {
	t := info.DTypes[rng.IntN(len(info.DTypes))]
	for {
		c := opCase{op: pickOp(rng, t, info.Layout), data: normal, optional: true}
		if c.op.Check() == nil {
			return c
		}
	}
}

func pickOp(rng *rand.Rand, t backend.DType, l backend.Layout) backend.Op {
	n, h, w, c := 1+rng.IntN(3), 1+rng.IntN(9), 1+rng.IntN(9), 1+rng.IntN(40)
	desc := backend.Desc{DType: t, Layout: l, N: n, H: h, W: w, C: c}
	pass := []backend.Pass{backend.Forward, backend.Infer, backend.Backward}[rng.IntN(3)]
	switch rng.IntN(12) {
	case 0:
		return backend.BatchNorm{Pass: pass, DType: t, Layout: l, N: n, H: h, W: w, C: c, Eps: 1e-5, Momentum: rng.Float32()}
	case 1:
		return backend.Activation{Pass: pass, Act: backend.ReLU6, DType: t, Layout: l, N: n, H: h, W: w, C: c}
	case 2:
		return backend.GlobalAvgPool{Pass: pass, DType: t, Layout: l, N: n, H: h, W: w, C: c}
	case 3:
		return backend.Add{Desc: desc, A: rng.Float32(), B: float32(rng.IntN(2))}
	case 4:
		return backend.SoftmaxCrossEntropy{Pass: pass, DType: t, Layout: l, N: n, C: c, Smoothing: rng.Float32() / 2,
			Soft: rng.IntN(2) == 0, Mean: rng.IntN(2) == 0}
	case 5:
		return backend.Convert{From: desc, To: desc.With(backend.F32, backend.NCHW)}
	case 6:
		return backend.Dropout{DType: t, Layout: l, N: n, C: c, Rate: 0.05 + 0.9*rng.Float32()}
	default:
		return pickConv(rng, t, l, desc)
	}
}

// pickConv returns any convolution; every second one is depthwise or pointwise.
func pickConv(rng *rand.Rand, t backend.DType, l backend.Layout, x backend.Desc) backend.Op {
	op := backend.Conv2D{Pass: convPasses[rng.IntN(4)], DType: t, Layout: l, N: x.N, H: x.H, W: x.W, C: x.C,
		K: 1 + rng.IntN(40), R: 1, S: 1, Stride: 1, Groups: 1}
	switch rng.IntN(4) {
	case 0:
		op.K, op.Groups, op.R, op.S, op.Pad, op.Stride = op.C, op.C, 3, 3, 1, 1+rng.IntN(2)
	case 1:
		op.R, op.S, op.Stride, op.Pad = 1+rng.IntN(5), 1+rng.IntN(5), 1+rng.IntN(3), rng.IntN(3)
		op.Groups = 1 + rng.IntN(4)
	}
	op.Bias = op.Pass != backend.GradInput && rng.IntN(4) == 0
	return op
}
