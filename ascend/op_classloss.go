//go:build cgo && linux

package ascend

import (
	"math"

	"mnv2/backend"
	"mnv2/csrc/acl"
)

// classLoss writes the losses beside softmax and cross entropy that can be had from the vendor's softmax alone. The formulas stand at
// [backend.ClassLoss]; as in loss, targets are negated.
func (p *program) classLoss(o backend.ClassLoss) string {
	if reason := p.needMaps(o.In()); reason != "" {
		return reason
	}
	z := p.float(p.matrix(0))
	dz := p.matrix(4)
	gradient, d := p.temp(acl.Float, o.N, o.C), 1.0
	switch o.Kind {
	case backend.BinaryCrossEntropy:
		d = p.binary(o, z, gradient)
	case backend.JensenShannon:
		d = p.jensenShannon(o, z, gradient)
	default:
		return "NPUs have no asymmetric losses: take --loss CE, BCE or jsd"
	}
	out := p.inType(dz, acl.Float)
	p.scaledProduct(gradient, p.operand(2).with(1), 1/d, out)
	p.castBack(out, dz)
	return ""
}

// negated: t = -((1-Smoothing)*target + Smoothing/C).
func (p *program) negated(o backend.ClassLoss, target, t value) {
	eps := float64(o.Smoothing)
	p.scale(target, -(1 - eps), t)
	if eps != 0 {
		p.shiftIn(t, -eps/float64(o.C))
	}
}

// binary takes each logit x beside a 0: the softmax of both is sigmoid(x) and 1-sigmoid(x), and
//
//	max(x, 0) - x*y + log(1 + exp(-|x|)) = -y*log sigmoid(x) - (1-y)*log(1 - sigmoid(x))
//
// It writes the gradient and returns what it is to be divided by.
func (p *program) binary(o backend.ClassLoss, z, gradient value) (d float64) {
	pairs, t, logs, product := p.temp(acl.Float, o.N, 2, o.C), p.temp(acl.Float, o.N, 2, o.C), p.temp(acl.Float, o.N, 2, o.C), p.temp(acl.Float, o.N, 2, o.C)
	half := func(v value, i int) value { // row i of each pair, as a matrix
		v.Tensor = describe(v.DType, acl.ND, o.N, o.C)
		v.Strides[0], v.Strides[1] = int64(2*o.C), 1
		v.Offset, v.Storage = int64(i*o.C), int64(2*o.N*o.C)
		return v
	}
	p.call(acl.Spec{Op: acl.InplaceZero}, []value{pairs}, nil)
	p.copy(z, half(pairs, 0))
	y := p.temp(acl.Float, o.N, o.C)
	p.negated(o, p.matrix(1), y)
	p.copy(y, half(t, 0))
	p.call(acl.Spec{Op: acl.Muls, Scalars: []float64{-1}}, []value{y}, []value{half(t, 1)})
	p.shiftIn(half(t, 1), -1)
	p.call(acl.Spec{Op: acl.LogSoftmax, Integers: []int64{1}}, []value{pairs}, []value{logs})
	p.mul(logs, t, product)
	share := 1.0
	if o.Mean {
		share = 1 / float64(o.C)
		p.call(acl.Spec{Op: acl.InplaceMuls, Scalars: []float64{share}}, []value{product}, nil)
	}
	p.sum(product, false, p.flat(3), 1, 2)
	p.call(acl.Spec{Op: acl.LogSoftmaxBackward, Integers: []int64{1}}, []value{t, logs}, []value{product})
	p.copy(half(product, 0), gradient)
	if o.Mean {
		return float64(o.C) * float64(o.N)
	}
	return 1
}

// jensenShannon needs no logarithm of a mean of probabilities: a softmax over the three pictures of a sample gives
//
//	log p - log m = log softmax_k(log p_k) + log 3,  or log p - log Eps if that is less
//
// Its gradient by log p is weight*p*(log p - log m + below), with below = 1 where the second was less.
func (p *program) jensenShannon(o backend.ClassLoss, z, gradient value) (d float64) {
	const views = backend.JensenShannonViews
	b := o.N / views
	weight, d := float64(backend.JensenShannonAlpha)/views, float64(b)
	if !o.Mean {
		weight, d = weight/float64(b), 1
	}
	matrix := func() value { return p.temp(acl.Float, o.N, o.C) }
	logs, prob, ratio, bound, isRatio := matrix(), matrix(), matrix(), matrix(), matrix()
	p.call(acl.Spec{Op: acl.LogSoftmax, Integers: []int64{1}}, []value{z}, []value{logs})
	p.call(acl.Spec{Op: acl.Softmax, Integers: []int64{1}}, []value{z}, []value{prob})
	p.call(acl.Spec{Op: acl.LogSoftmax, Integers: []int64{0}}, []value{logs.with(views, b*o.C)}, []value{isRatio.with(views, b*o.C)})
	p.scale(isRatio, -1, ratio) // negated, so that the smaller of both is a maximum
	p.shiftIn(ratio, -math.Log(views))
	p.scale(logs, -1, bound)
	p.shiftIn(bound, math.Log(backend.JensenShannonEps))
	r := matrix() // -(log p - log m)
	p.call(acl.Spec{Op: acl.Maximum}, []value{ratio, bound}, []value{r})
	p.call(acl.Spec{Op: acl.EqTensor}, []value{r, ratio}, []value{isRatio})

	t, product := p.temp(acl.Float, b, o.C), p.temp(acl.Float, b, o.C)
	p.negated(o, p.matrix(1).rows(0, b), t)
	p.mul(logs.rows(0, b), t, product)
	p.divergence(o, prob, r, product, weight)

	p.addIn(r, isRatio, 1) // 1 - r - isRatio = log p - log m + below
	p.call(acl.Spec{Op: acl.Addcmul, Scalars: []float64{-1}}, []value{prob, prob, r}, []value{bound})
	p.scale(bound, weight, ratio)
	p.addIn(ratio.rows(0, b), t, 1)
	p.call(acl.Spec{Op: acl.LogSoftmaxBackward, Integers: []int64{1}}, []value{ratio, logs}, []value{gradient})
	return d
}

// divergence writes the losses: of the first picture of each sample, its cross entropy, whose terms are product, and the divergence;
// of the others 0.
func (p *program) divergence(o backend.ClassLoss, prob, r, product value, weight float64) {
	const views = backend.JensenShannonViews
	b := o.N / views
	terms, apart, crossEntropy := p.temp(acl.Float, views, b, o.C), p.temp(acl.Float, b), p.temp(acl.Float, b)
	p.mul(prob, r, terms.with(o.N, o.C))
	p.sum(terms, false, apart, 0, 2)
	p.sum(product, false, crossEntropy, 1)
	p.call(acl.Spec{Op: acl.InplaceZero}, []value{p.flat(3)}, nil)
	p.add(crossEntropy, apart, -weight, p.flat(3).elementsFrom(0, b))
}
