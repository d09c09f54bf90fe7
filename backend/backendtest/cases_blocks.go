package backendtest

import "mnv2/backend"

// Batch norm's constants in the block cases.
const (
	blockEps      = 1e-5
	blockMomentum = 0.1
)

// blockCases returns the fused operations, each in no particular pass, for activations of type t in layout l.
func blockCases(t backend.DType, l backend.Layout) []backend.Block {
	var list []backend.Block
	for _, c := range convBNActCases(t, l) {
		list = append(list, c)
	}
	for _, c := range invertedResidualCases(t, l) {
		list = append(list, c)
	}
	for _, c := range headCases(t, l) {
		list = append(list, c)
	}
	return append(list, smallNetwork(t, l), withoutStem(t, l))
}

func convBNActCases(t backend.DType, l backend.Layout) []backend.ConvBNAct {
	var list []backend.ConvBNAct
	for i, s := range []convShape{
		{2, 9, 7, 3, 8, 3, 2, 1, 1}, {2, 8, 8, 3, 16, 3, 2, 1, 1}, // stem
		{2, 5, 5, 10, 24, 1, 1, 0, 1}, {3, 4, 4, 16, 9, 1, 1, 0, 1}, {4, 1, 1, 8, 40, 1, 1, 0, 1}, // pointwise
		{2, 7, 7, 10, 10, 3, 1, 1, 10}, {2, 7, 6, 16, 16, 3, 2, 1, 16}, {3, 2, 2, 8, 8, 3, 2, 1, 8}, // depthwise
	} {
		op := backend.ConvBNAct{DType: t, Layout: l, N: s.n, H: s.h, W: s.w, C: s.c, K: s.k, R: s.r, S: s.r, Stride: s.stride,
			Pad: s.pad, Groups: s.groups, Act: backend.ReLU6, Eps: blockEps, Momentum: blockMomentum}
		list = append(list, op)
		if i%3 == 2 {
			op.Act = backend.NoAct
			list = append(list, op)
		}
	}
	return list
}

// residualShape is an inverted residual: c -> e -> k channels.
type residualShape struct {
	n, h, w, c, e, k, stride int
	expand, residual         bool
}

func (s residualShape) op(t backend.DType, l backend.Layout) backend.InvertedResidual {
	return backend.InvertedResidual{DType: t, Layout: l, N: s.n, H: s.h, W: s.w, C: s.c, E: s.e, K: s.k, Expand: s.expand,
		Stride: s.stride, Residual: s.residual, Eps: blockEps, Momentum: blockMomentum}
}

func invertedResidualCases(t backend.DType, l backend.Layout) []backend.InvertedResidual {
	var list []backend.InvertedResidual
	for _, s := range []residualShape{
		{2, 6, 6, 8, 8, 4, 1, false, false}, {2, 7, 5, 8, 48, 8, 1, true, true}, {2, 7, 7, 10, 60, 12, 2, true, false},
		{3, 4, 4, 3, 18, 3, 1, true, true}, {2, 8, 6, 16, 24, 8, 2, true, false}, {2, 5, 5, 8, 16, 20, 1, true, false},
		{2, 5, 5, 9, 9, 9, 1, false, true}, {4, 2, 2, 8, 48, 16, 2, true, false},
	} {
		list = append(list, s.op(t, l))
	}
	return list
}

func headCases(t backend.DType, l backend.Layout) []backend.Head {
	return []backend.Head{
		{DType: t, Layout: l, N: 2, H: 7, W: 7, C: 24, K: 10},
		{DType: t, Layout: l, N: 3, H: 2, W: 3, C: 40, K: 1000, DropRate: 0.2},
		{DType: t, Layout: l, N: 1, H: 1, W: 1, C: 5, K: 3, DropRate: 0.5},
	}
}

// smallNetwork is the whole of a tiny MobileNetV2: stem, three blocks of which one has a residual, last convolution, head.
func smallNetwork(t backend.DType, l backend.Layout) backend.Chain {
	const n = 4
	return mustChain(
		backend.ConvBNAct{DType: t, Layout: l, N: n, H: 16, W: 16, C: 3, K: 8, R: 3, S: 3, Stride: 2, Pad: 1, Groups: 1,
			Act: backend.ReLU6, Eps: blockEps, Momentum: blockMomentum},
		residualShape{n, 8, 8, 8, 8, 4, 1, false, false}.op(t, l),
		residualShape{n, 8, 8, 4, 24, 10, 2, true, false}.op(t, l),
		residualShape{n, 4, 4, 10, 20, 10, 1, true, true}.op(t, l),
		backend.ConvBNAct{DType: t, Layout: l, N: n, H: 4, W: 4, C: 10, K: 24, R: 1, S: 1, Stride: 1, Groups: 1,
			Act: backend.ReLU6, Eps: blockEps, Momentum: blockMomentum},
		backend.Head{DType: t, Layout: l, N: n, H: 4, W: 4, C: 24, K: 5, DropRate: 0.2})
}

// withoutStem is a run in the middle of a network: it starts and ends with feature maps.
func withoutStem(t backend.DType, l backend.Layout) backend.Chain {
	return mustChain(
		residualShape{2, 5, 5, 8, 16, 8, 1, true, true}.op(t, l),
		backend.ConvBNAct{DType: t, Layout: l, N: 2, H: 5, W: 5, C: 8, K: 12, R: 1, S: 1, Stride: 1, Groups: 1,
			Act: backend.ReLU6, Eps: blockEps, Momentum: blockMomentum})
}

func mustChain(blocks ...backend.Block) backend.Chain {
	c, err := backend.NewChain(backend.Forward, false, blocks...)
	if err != nil {
		panic("backendtest: " + err.Error()) // a mistake in the lists above
	}
	return c
}
