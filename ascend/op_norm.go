//go:build cgo && linux

package ascend

import (
	"mnv2/backend"
	"mnv2/csrc/acl"
)

// batchNorm is batch norm alone, whose statistics are operands with a meaning: mean and 1/sqrt(var+Eps). What the vendor's
// batch norm saves has another meaning on some chips, so the statistics come from the operators made for batch norm over
// several devices.
func (p *program) batchNorm(o backend.BatchNorm) string {
	if reason := p.needMaps(o.In()); reason != "" {
		return reason
	}
	if o.Pass != backend.Infer && !p.device.chip.training {
		return p.device.soc + " has no kernels to train batch norm"
	}
	if o.Pass == backend.Backward {
		return p.batchNormBackward(o)
	}
	x, gamma, beta, runMean, runVar := p.operand(0), p.operand(1), p.operand(2), p.operand(3), p.operand(4)
	saveMean, saveInvStd := p.temp(acl.Float, o.C), p.temp(acl.Float, o.C)
	y := p.operand(len(p.operands) - 1)
	out := y
	if p.inPlace {
		out = p.tempLike(y)
	}
	if o.Pass == backend.Forward {
		p.call(acl.Spec{Op: acl.BatchNormStats, Numbers: []float64{float64(o.Eps)}}, []value{x}, []value{p.operand(5), p.operand(6)})
	}
	p.norm(o, []value{x, gamma, beta, runMean, runVar}, out, saveMean, saveInvStd)
	if p.inPlace {
		p.copy(out, y)
	}
	return ""
}

// norm calls the vendor's batch norm. What it saves is for normBackward and for nothing else.
func (p *program) norm(o backend.BatchNorm, in []value, y, saveMean, saveInvStd value) {
	p.call(acl.Spec{Op: acl.BatchNorm, Flags: []bool{o.Pass != backend.Infer}, Numbers: []float64{float64(o.Eps), float64(o.Momentum)}},
		in, []value{y, saveMean, saveInvStd})
}

// normBackward gives the gradients from what norm saved.
func (p *program) normBackward(o backend.BatchNorm, dy, x, gamma, runMean, runVar, saveMean, saveInvStd, dx, dgamma, dbeta value) {
	p.call(acl.Spec{Op: acl.BatchNormBackward, Flags: []bool{true}, Numbers: []float64{float64(o.Eps)}, Mask: []bool{true, true, true}},
		[]value{dy, x, gamma, runMean, runVar, saveMean, saveInvStd}, []value{dx, dgamma, dbeta})
}

func (p *program) batchNormBackward(o backend.BatchNorm) string {
	x, dy, gamma, mean, invStd := p.operand(0), p.operand(1), p.operand(2), p.operand(3), p.operand(4)
	dx, dgamma, dbeta := p.operand(5), p.operand(6), p.operand(7)
	sumDy, sumDyXmu := p.temp(acl.Float, o.C), p.temp(acl.Float, o.C)
	count := p.constant(float32(o.N * o.H * o.W))
	p.call(acl.Spec{Op: acl.BatchNormReduceBackward, Flags: []bool{true, true, true}},
		[]value{dy, x, mean, invStd, gamma}, []value{sumDy, sumDyXmu, dgamma, dbeta})
	out := dx
	if p.inPlace {
		out = p.tempLike(dx)
	}
	p.call(acl.Spec{Op: acl.BatchNormElemtBackward},
		[]value{dy, x, mean, invStd, gamma, sumDy, sumDyXmu, count}, []value{out})
	if p.inPlace {
		p.copy(out, dx)
	}
	return ""
}

// tempLike reserves scratch for a tensor like v.
func (p *program) tempLike(v value) value {
	dims := make([]int, v.Rank)
	for i := range dims {
		dims[i] = int(v.Dims[i])
	}
	t := p.temp(v.DType, dims...)
	t.Format = v.Format
	return t
}

// activation clips. The gradient is taken from the output: the vendor's rule gives 0 at both bounds.
func (p *program) activation(o backend.Activation) string {
	if reason := p.needMaps(o.In()); reason != "" {
		return reason
	}
	switch {
	case o.Pass == backend.Backward:
		p.reluBackward(p.operand(0), p.operand(1), p.operand(2))
	case p.inPlace:
		p.clipIn(p.operand(1), 0, 6)
	default:
		p.clip(p.operand(0), 0, 6, p.operand(1))
	}
	return ""
}

// reluBackward: dx = dy where 0 < y < 6, else 0.
func (p *program) reluBackward(dy, y, dx value) {
	p.call(acl.Spec{Op: acl.HardtanhBackward, Scalars: []float64{0, 6}}, []value{dy, y}, []value{dx})
}
