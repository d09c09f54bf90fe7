//go:build cgo && linux

package ascend

import (
	"mnv2/backend"
	"mnv2/csrc/acl"
)

// loss is softmax and cross entropy from simple operators, in float32, for hard and soft targets, smoothed or not. The
// targets are negated, so that sums need no change of sign.
//
//	t = -((1-Smoothing)*h + Smoothing/C), h one-hot or the soft targets; rows of padding are zero
//	loss = sum over c of t*log softmax(z)
//	dz = (t - softmax(z)*sum(t)) * scale/D
func (p *program) loss(o backend.SoftmaxCrossEntropy) string {
	if reason := p.needMaps(o.In()); reason != "" {
		return reason
	}
	z := p.float(p.matrix(0))
	t := p.targets(o)
	lossAt := 2
	if o.Pass == backend.Backward {
		lossAt = 3
	}
	logp, product := p.temp(acl.Float, o.N, o.C), p.temp(acl.Float, o.N, o.C)
	p.call(acl.Spec{Op: acl.LogSoftmax, Integers: []int64{1}}, []value{z}, []value{logp})
	p.mul(logp, t, product)
	p.sum(product, false, p.flat(lossAt), 1)
	if o.Pass == backend.Forward {
		return ""
	}
	d := 1.0
	if o.Mean {
		d = float64(o.N)
	}
	p.call(acl.Spec{Op: acl.LogSoftmaxBackward, Integers: []int64{1}}, []value{t, logp}, []value{product})
	dz := p.matrix(4)
	out := p.inType(dz, acl.Float)
	p.scaledProduct(product, p.operand(2).with(1), 1/d, out)
	p.castBack(out, dz)
	return ""
}

// targets returns t.
func (p *program) targets(o backend.SoftmaxCrossEntropy) value {
	eps := float64(o.Smoothing)
	t := p.temp(acl.Float, o.N, o.C)
	if o.Soft {
		p.scale(p.matrix(1), -(1 - eps), t)
		if eps != 0 {
			p.shiftIn(t, -eps/float64(o.C))
		}
		return t
	}
	// rows of labels outside the classes are zero
	p.call(acl.Spec{Op: acl.OneHot, Integers: []int64{int64(o.C), -1}},
		[]value{p.flat(1), p.constant(float32(-(1 - eps))), p.constant(0)}, []value{t})
	if eps != 0 {
		total := p.temp(acl.Float, o.N, 1)
		p.sum(t, true, total, 1) // -(1-eps), or 0 for padding
		p.addIn(t, total, eps/float64(o.C)/(1-eps))
	}
	return t
}
