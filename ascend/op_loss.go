//go:build cgo && linux

package ascend

import (
	"mnv2/backend"
	"mnv2/csrc/acl"
)

// loss is softmax and cross entropy from simple operators, in float32, for hard and soft targets, smoothed or not.
//
//	h = one-hot of the labels, zero rows for padding, or the soft targets
//	t = (1-Smoothing)*h + Smoothing/C           (padding rows stay zero)
//	loss = -sum over c of t*log softmax(z)
//	dz = (softmax(z)*sum(t) - t) * scale/D
func (p *program) loss(o backend.SoftmaxCrossEntropy) string {
	if reason := p.needMaps(o.In()); reason != "" {
		return reason
	}
	z := p.float(p.matrix(0))
	t, total := p.targets(o)
	lossAt := 2
	if o.Pass == backend.Backward {
		lossAt = 3
	}
	logp := p.temp(acl.Float, o.N, o.C)
	p.call(acl.Spec{Op: acl.LogSoftmax, Integers: []int64{1}}, []value{z}, []value{logp})
	p.mulIn(logp, t)
	loss := p.flat(lossAt)
	p.sum(logp, false, loss, 1)
	p.scaleIn(loss, -1)
	if o.Pass == backend.Forward {
		return ""
	}
	prob := p.temp(acl.Float, o.N, o.C)
	p.call(acl.Spec{Op: acl.Softmax, Integers: []int64{1}}, []value{z}, []value{prob})
	p.mulIn(prob, total)
	p.addIn(prob, t, -1)
	p.mulIn(prob, p.operand(2).with(1))
	d := 1.0
	if o.Mean {
		d = float64(o.N)
	}
	if p.operands[4].Desc.DType == backend.F32 {
		p.scale(prob, 1/d, p.matrix(4))
		return ""
	}
	p.scaleIn(prob, 1/d)
	p.cast(prob, p.matrix(4))
	return ""
}

// targets returns t and the sums of its rows.
func (p *program) targets(o backend.SoftmaxCrossEntropy) (t, total value) {
	h := p.matrix(1)
	total = p.temp(acl.Float, o.N, 1)
	if !o.Soft {
		h = p.oneHot(o)
	}
	eps := float64(o.Smoothing)
	if eps == 0 {
		p.sum(h, true, total, 1)
		return h, total
	}
	t = p.temp(acl.Float, o.N, o.C)
	p.scale(h, 1-eps, t)
	if o.Soft {
		p.shiftIn(t, eps/float64(o.C))
		p.sum(t, true, total, 1)
		return t, total
	}
	p.sum(h, true, total, 1) // 1, or 0 for padding, which stays the sum when smoothed
	p.addIn(t, total, eps/float64(o.C))
	return t, total
}

// oneHot returns rows with a 1 at the label; rows of labels outside the classes are zero.
func (p *program) oneHot(o backend.SoftmaxCrossEntropy) value {
	h := p.temp(acl.Float, o.N, o.C)
	p.call(acl.Spec{Op: acl.OneHot, Integers: []int64{int64(o.C), -1}},
		[]value{p.flat(1), p.constant(1), p.constant(0)}, []value{h})
	return h
}
