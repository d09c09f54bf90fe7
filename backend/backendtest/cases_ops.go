package backendtest

import (
	"slices"

	"mnv2/backend"
)

// opCase is a primitive on one kind of numbers. An optional one has a shape that the network never asks for; a device may
// lack it, but if it takes it the result must be right.
type opCase struct {
	op       backend.Op
	data     profile
	optional bool
}

// name is unique among the cases of a list.
func (c opCase) name() string { return c.op.String() + " " + string(c.data) }

// opCases returns the case list for activations of type t in layout l.
func opCases(t backend.DType, l backend.Layout) []opCase {
	return slices.Concat(convCases(t, l), normCases(t, l), activationCases(t, l), elementwiseCases(t, l), poolCases(t, l),
		lossCases(t, l), convertCases(t, l), reduceCases(t, l), updateCases(), guardCases(), classLossCases(t, l))
}

// convShape is n images of h x w, c -> k channels, r x r taps, stride, padding, groups.
type convShape struct{ n, h, w, c, k, r, stride, pad, groups int }

// networkConvs are the shapes of MobileNetV2 in small: odd and even sizes, 1x1 maps, stride 2 on both, channels that are not
// a multiple of any vector, and both sides of the widths at which tiles end.
var networkConvs = []convShape{
	{2, 9, 7, 3, 8, 3, 2, 1, 1}, {1, 8, 8, 3, 10, 3, 2, 1, 1}, {1, 2, 2, 3, 32, 3, 2, 1, 1}, // stem
	{1, 1, 1, 1, 1, 1, 1, 0, 1}, {3, 5, 5, 10, 24, 1, 1, 0, 1}, {2, 1, 1, 16, 7, 1, 1, 0, 1}, // pointwise
	{1, 7, 3, 8, 8, 1, 1, 0, 1}, {1, 2, 3, 9, 17, 1, 1, 0, 1}, {2, 4, 4, 24, 3, 1, 1, 0, 1},
	{1, 3, 3, 96, 16, 1, 1, 0, 1}, {1, 3, 3, 40, 160, 1, 1, 0, 1}, {1, 5, 13, 33, 31, 1, 1, 0, 1},
	{2, 7, 7, 10, 10, 3, 1, 1, 10}, {2, 7, 5, 12, 12, 3, 2, 1, 12}, {1, 8, 6, 8, 8, 3, 2, 1, 8}, // depthwise
	{1, 1, 1, 9, 9, 3, 1, 1, 9}, {3, 1, 1, 16, 16, 3, 2, 1, 16}, {1, 2, 2, 3, 3, 3, 2, 1, 3}, {1, 2, 1, 24, 24, 3, 1, 1, 24},
	{2, 3, 4, 1, 1, 3, 1, 1, 1},
}

// otherConvs are valid and not of this network.
var otherConvs = []convShape{
	{2, 5, 6, 12, 20, 3, 1, 1, 1}, {1, 5, 5, 6, 9, 3, 1, 0, 1}, {1, 6, 7, 5, 5, 5, 1, 2, 5}, {1, 7, 7, 8, 12, 3, 2, 1, 4},
	{1, 6, 6, 4, 8, 3, 1, 1, 4}, {1, 6, 6, 10, 6, 1, 2, 0, 1}, {1, 4, 4, 3, 5, 2, 3, 1, 1}, {1, 9, 9, 16, 16, 7, 2, 3, 16},
}

// op returns the convolution in pass p.
func (s convShape) op(p backend.Pass, t backend.DType, l backend.Layout) backend.Conv2D {
	return backend.Conv2D{Pass: p, DType: t, Layout: l, N: s.n, H: s.h, W: s.w, C: s.c, K: s.k, R: s.r, S: s.r,
		Stride: s.stride, Pad: s.pad, Groups: s.groups}
}

var convPasses = []backend.Pass{backend.Forward, backend.Infer, backend.GradInput, backend.GradWeight}

func convCases(t backend.DType, l backend.Layout) []opCase {
	var list []opCase
	add := func(s convShape, data profile, bias, optional bool) {
		for _, p := range convPasses {
			op := s.op(p, t, l)
			op.Bias = bias && p != backend.GradInput
			list = append(list, opCase{op, data, optional})
		}
	}
	for _, s := range networkConvs {
		add(s, normal, false, false)
	}
	for _, s := range otherConvs {
		add(s, normal, false, true)
	}
	for _, width := range []int{1, 3, 4, 6, 7, 8, 12, 13, 14, 15, 16, 17, 31, 33} { // where tiles of pixels end
		add(convShape{1, 1, width, 16, 16, 1, 1, 0, 1}, normal, false, false)
		add(convShape{1, 3, width, 8, 8, 3, 1, 1, 8}, normal, false, false)
		add(convShape{1, 3, width, 8, 8, 3, 2, 1, 8}, normal, false, false)
	}
	for _, data := range []profile{edges, large, subnormal, nonFinite} {
		add(convShape{2, 4, 4, 10, 12, 1, 1, 0, 1}, data, false, false)
		add(convShape{1, 5, 5, 10, 10, 3, 1, 1, 10}, data, false, false)
		add(convShape{1, 5, 5, 3, 10, 3, 2, 1, 1}, data, false, false)
	}
	add(convShape{3, 1, 1, 24, 1000, 1, 1, 0, 1}, normal, true, false) // classifiers
	add(convShape{2, 1, 1, 1280, 10, 1, 1, 0, 1}, normal, true, false)
	add(convShape{1, 1, 1, 5, 3, 1, 1, 0, 1}, normal, true, false)
	add(convShape{1, 3, 3, 5, 3, 3, 1, 1, 1}, normal, true, true)
	return list
}

func normCases(t backend.DType, l backend.Layout) []opCase {
	shapes := []struct {
		n, h, w, c int
		data       profile
	}{
		{2, 3, 3, 10, normal}, {3, 1, 1, 16, normal}, {1, 1, 1, 5, normal}, {1, 7, 7, 3, normal}, {2, 5, 5, 24, normal},
		{1, 1, 2, 1, normal}, {1, 9, 17, 8, normal}, {3, 4, 4, 33, normal}, {2, 16, 16, 9, bigMean}, {2, 3, 5, 9, same},
		{2, 3, 3, 10, edges}, {2, 3, 3, 10, large}, {2, 3, 3, 10, subnormal}, {2, 3, 3, 10, nonFinite},
	}
	var list []opCase
	for _, s := range shapes {
		for _, p := range []backend.Pass{backend.Forward, backend.Infer, backend.Backward} {
			op := backend.BatchNorm{Pass: p, DType: t, Layout: l, N: s.n, H: s.h, W: s.w, C: s.c, Eps: 1e-5, Momentum: 0.1}
			list = append(list, opCase{op: op, data: s.data})
			if s.n == 2 && s.data == normal {
				op.Eps, op.Momentum = 1e-3, 1
				list = append(list, opCase{op: op, data: s.data})
				op.Momentum = 0
				list = append(list, opCase{op: op, data: s.data})
			}
		}
	}
	return list
}

func activationCases(t backend.DType, l backend.Layout) []opCase {
	var list []opCase
	for _, p := range []backend.Pass{backend.Forward, backend.Infer, backend.Backward} {
		for _, data := range []profile{normal, edges, large, subnormal, nonFinite} {
			list = append(list, opCase{op: backend.Activation{Pass: p, Act: backend.ReLU6, DType: t, Layout: l, N: 2, H: 5, W: 3, C: 10}, data: data})
		}
		for _, c := range []int{1, 3, 7, 8, 9, 1000} {
			list = append(list, opCase{op: backend.Activation{Pass: p, Act: backend.ReLU6, DType: t, Layout: l, N: 1, H: 1, W: 1, C: c}, data: edges})
		}
	}
	return list
}

// smallShapes are for operations that look at each element alone: activations, and a flat range of parameters.
func smallShapes(t backend.DType, l backend.Layout) []backend.Desc {
	return []backend.Desc{
		{DType: t, Layout: l, N: 2, H: 5, W: 3, C: 10}, {DType: t, Layout: l, N: 1, H: 1, W: 1, C: 1},
		{DType: t, Layout: l, N: 3, H: 1, W: 1, C: 1000}, {DType: t, Layout: l, N: 1, H: 7, W: 7, C: 16},
		backend.Vec(backend.F32, 1), backend.Vec(backend.F32, 4099), backend.Filter(t, 5, 3, 3, 3),
	}
}

func elementwiseCases(t backend.DType, l backend.Layout) []opCase {
	var list []opCase
	for i, d := range smallShapes(t, l) {
		for _, ab := range [][2]float32{{1, 1}, {0.25, 0}, {0, 1}, {-0.3, 0.9}} {
			list = append(list, opCase{op: backend.Add{Desc: d, A: ab[0], B: ab[1]}, data: normal})
		}
		for _, data := range []profile{edges, large, subnormal, nonFinite} {
			if i == 0 {
				list = append(list, opCase{op: backend.Add{Desc: d, A: 1, B: 1}, data: data})
			}
		}
		for _, v := range []float32{0, 1, -2.5, 0.1} {
			list = append(list, opCase{op: backend.Fill{Desc: d, Value: v}, data: normal})
		}
	}
	for _, c := range []int{1, 3, 8, 10, 1280} {
		for _, rate := range []float32{0.2, 0.5, 0.9} {
			list = append(list, opCase{op: backend.Dropout{DType: t, Layout: l, N: 3, C: c, Rate: rate}, data: normal},
				opCase{op: backend.DropPath{DType: t, Layout: l, N: 5, H: 3, W: 2, C: min(c, 24), Rate: rate}, data: normal})
		}
	}
	return list
}

func poolCases(t backend.DType, l backend.Layout) []opCase {
	var list []opCase
	for _, p := range []backend.Pass{backend.Forward, backend.Infer, backend.Backward} {
		for _, s := range [][4]int{{2, 7, 7, 10}, {1, 1, 1, 3}, {3, 2, 5, 16}, {1, 3, 1, 1000}} {
			list = append(list, opCase{op: backend.GlobalAvgPool{Pass: p, DType: t, Layout: l, N: s[0], H: s[1], W: s[2], C: s[3]}, data: normal})
		}
		for _, data := range []profile{same, large, subnormal, nonFinite} {
			list = append(list, opCase{op: backend.GlobalAvgPool{Pass: p, DType: t, Layout: l, N: 2, H: 3, W: 3, C: 10}, data: data})
		}
	}
	return list
}

func lossCases(t backend.DType, l backend.Layout) []opCase {
	var list []opCase
	for _, p := range []backend.Pass{backend.Forward, backend.Backward} {
		for _, s := range []struct {
			n, c       int
			smoothing  float32
			soft, mean bool
			data       profile
		}{
			{3, 10, 0, false, true, normal}, {6, 1000, 0.1, false, true, normal}, {1, 1, 0, false, false, normal},
			{5, 7, 0.1, false, false, edges}, {3, 9, 0, true, true, normal}, {2, 16, 0.1, true, false, normal},
			{5, 3, 0, false, true, bigMean}, {4, 10, 0.1, false, true, same}, {4, 10, 0, false, true, subnormal},
		} {
			list = append(list, opCase{op: backend.SoftmaxCrossEntropy{Pass: p, DType: t, Layout: l, N: s.n, C: s.c,
				Smoothing: s.smoothing, Soft: s.soft, Mean: s.mean}, data: s.data})
		}
	}
	return list
}

func convertCases(t backend.DType, l backend.Layout) []opCase {
	var list []opCase
	image := backend.Desc{DType: backend.U8, Layout: backend.NHWC, N: 2, H: 5, W: 3, C: 3}
	mean, std := [4]float32{123.675, 116.28, 103.53, 1}, [4]float32{58.395, 57.12, 57.375, 2}
	list = append(list,
		opCase{op: backend.Convert{From: image, To: image.With(t, l), Normalize: true, Mean: mean, Std: std}, data: normal},
		opCase{op: backend.Convert{From: image, To: image.With(backend.F32, backend.NCHW), Normalize: true, Mean: mean, Std: std}, data: normal},
		opCase{op: backend.Convert{From: image, To: image.With(t, l)}, data: normal},
		opCase{op: backend.Convert{From: image.With(backend.F32, backend.NCHW), To: image.With(t, l), Normalize: true, Mean: mean, Std: std}, data: normal},
		opCase{op: backend.Convert{From: backend.Vec(backend.I32, 7), To: backend.Vec(backend.F32, 7)}, data: normal})
	for _, c := range []int{1, 10, 16, 1000} {
		d := backend.Desc{DType: t, Layout: l, N: 2, H: 3, W: 2, C: c}
		for _, other := range []backend.Layout{backend.NCHW, backend.NHWC, l} {
			for _, data := range []profile{normal, nonFinite} {
				plain := d.With(backend.F32, other)
				list = append(list, opCase{op: backend.Convert{From: d, To: plain}, data: data},
					opCase{op: backend.Convert{From: plain, To: d}, data: data})
			}
		}
	}
	return dedupe(list)
}

func reduceCases(t backend.DType, l backend.Layout) []opCase {
	var list []opCase
	for _, kind := range []backend.Reduction{backend.Sum, backend.SumSquares, backend.AllFinite} {
		for _, d := range smallShapes(t, l) {
			list = append(list, opCase{op: backend.Reduce{Kind: kind, Desc: d}, data: normal})
		}
		for _, data := range []profile{same, edges, large, subnormal, nonFinite} {
			list = append(list, opCase{op: backend.Reduce{Kind: kind, Desc: backend.Vec(backend.F32, 300)}, data: data})
		}
	}
	return list
}

func updateCases() []opCase {
	var list []opCase
	for rule := backend.Momentum; rule <= backend.Blend; rule++ {
		for _, n := range []int{1, 7, 8, 4099} {
			op := backend.Update{Rule: rule, Elements: n}
			if rule == backend.Lamb {
				op.Tensors = min(n, 5)
			}
			list = append(list, opCase{op: op, data: normal}, opCase{op: op, data: skipped})
		}
	}
	return list
}

func classLossCases(t backend.DType, l backend.Layout) []opCase {
	var list []opCase
	for kind := backend.BinaryCrossEntropy; kind <= backend.JensenShannon; kind++ {
		for _, s := range []struct {
			n, c      int
			smoothing float32
			mean      bool
			data      profile
		}{{3, 10, 0, true, normal}, {6, 1000, 0.1, true, normal}, {3, 1, 0, false, normal}, {6, 7, 0.1, false, normal}, {12, 9, 0.1, true, edges}, {3, 4, 0, true, same}} {
			list = append(list, opCase{op: backend.ClassLoss{Kind: kind, DType: t, Layout: l, N: s.n, C: s.c, Smoothing: s.smoothing, Mean: s.mean}, data: s.data})
		}
	}
	return list
}

// guardCases are steps that count and steps that do not, for each reason, with and without a limit.
func guardCases() []opCase {
	var list []opCase
	for _, op := range []backend.Guard{{Rows: 1, Scaled: 1}, {Rows: 4, Scaled: 2, Clip: 0.5}, {Rows: 3, Scaled: 1, Window: 7},
		{Rows: 6, Scaled: 6, Clip: 1e4, Window: 2000}} {
		for _, data := range []profile{normal, skipped, lostLoss, lostSquares, doubling, smallest} {
			list = append(list, opCase{op: op, data: data})
		}
	}
	return list
}

// dedupe drops cases that are there already: some are the same when the device prefers a plain layout.
func dedupe(list []opCase) []opCase {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(c opCase) bool {
		old := seen[c.name()]
		seen[c.name()] = true
		return old
	})
}
