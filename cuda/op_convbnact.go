//go:build cgo && linux

package cuda

import "mnv2/backend"

// convBNAct is one layer: three kernels forward, of which the last makes y, and one in inference; backward two for the norm and one
// for each gradient.
func (p *program) convBNAct(o backend.ConvBNAct) string {
	l := layer{ConvBNAct: o}
	if reason := l.fits(); reason != "" {
		return reason
	}
	switch o.Pass {
	case backend.Prepare, backend.Infer:
		l.norm = p.keep(l.coefficients(2))
		if o.Pass == backend.Prepare {
			p.prepare(l)
		} else {
			p.infer(l, p.named("x"), value{}, p.named("y"))
		}
	case backend.Forward:
		p.keepLayer(&l)
		p.forward(l, inputOf{x: p.named("x")})
		p.normalise(l, value{}, p.named("y"))
	default:
		p.keepLayer(&l)
		p.convBNActBackward(l)
	}
	return ""
}

func (p *program) convBNActBackward(l layer) {
	g := p.gradientOf(l, p.named("dy"), l.Act == backend.ReLU6)
	x := p.named("x")
	switch o := l.conv(); {
	case isPointwise(o):
		p.productGradWeight(l, g, inputOf{x: x})
		if l.InputGrad {
			p.productGradInput(l, g, value{}, p.named("dx"))
		}
	case isDepthwise(o):
		p.depthwiseGrads(l, g, x, value{}, p.inputGrad(l))
	default:
		p.firstGradWeight(l, g, x)
	}
}

// inputGrad is dx, or scratch if nobody wants it of a kernel that makes it anyway.
func (p *program) inputGrad(l layer) value {
	if l.InputGrad {
		return p.named("dx")
	}
	return p.temp(l.In().Bytes())
}
