//go:build cgo && linux

package cuda

import "mnv2/backend"

// residual are the layers of an inverted residual.
type residual struct {
	backend.InvertedResidual
	expand, depthwise, project layer
}

// invertedResidual is the block in one program. Of what lies between its convolutions only their outputs are stored: in training
// every wide tensor is written once and read once forward, and read once more by each of the gradients that it takes part in.
func (p *program) invertedResidual(o backend.InvertedResidual) string {
	r := residual{o, layer{ConvBNAct: o.ExpandConv(o.Pass), prefix: "expand."}, layer{ConvBNAct: o.DepthwiseConv(o.Pass), prefix: "depthwise."},
		layer{ConvBNAct: o.ProjectConv(o.Pass), prefix: "project."}}
	for _, l := range r.layers() {
		if reason := l.fits(); reason != "" {
			return reason
		}
	}
	for _, l := range r.layers() {
		if o.Pass == backend.Prepare || o.Pass == backend.Infer {
			l.norm = p.keep(l.coefficients(2))
		} else {
			p.keepLayer(l)
		}
	}
	switch o.Pass {
	case backend.Prepare:
		for _, l := range r.layers() {
			p.prepare(*l)
		}
	case backend.Infer:
		p.residualInfer(r)
	case backend.Forward:
		p.residualForward(r)
	default:
		p.residualBackward(r)
	}
	return ""
}

func (r *residual) layers() []*layer {
	if r.Expand {
		return []*layer{&r.expand, &r.depthwise, &r.project}
	}
	return []*layer{&r.depthwise, &r.project}
}

// besides is what is added to y and dx of a block with a residual connection.
func (p *program) besides(r residual, name string) value {
	if r.Residual {
		return p.named(name)
	}
	return value{}
}

// residualInfer is one kernel, or one for each layer where that is too little work for the whole device or too much for a block of it.
func (p *program) residualInfer(r residual) {
	if plan, ok := p.blockPlan(r); ok {
		p.inferBlock(r, plan)
		return
	}
	x := p.named("x")
	if r.Expand {
		a := p.temp(r.expand.Out().Bytes())
		p.infer(r.expand, x, value{}, a)
		x = a
	}
	b := p.temp(r.depthwise.Out().Bytes())
	p.infer(r.depthwise, x, value{}, b)
	p.infer(r.project, b, p.besides(r, "x"), p.named("y"))
}

func (p *program) residualForward(r residual) {
	in := inputOf{x: p.named("x")}
	if r.Expand {
		p.forward(r.expand, in)
		in = inputOf{r.expand.z, r.expand.norm}
	}
	p.forward(r.depthwise, in)
	p.forward(r.project, inputOf{r.depthwise.z, r.depthwise.norm})
	p.normalise(r.project, p.besides(r, "x"), p.named("y"))
}

func (p *program) residualBackward(r residual) {
	x, dy := p.named("x"), p.named("dy")
	g := p.gradientOf(r.project, dy, false)
	p.productGradWeight(r.project, g, inputOf{r.depthwise.z, r.depthwise.norm})
	g = p.productMaskedGradInput(r.project, r.depthwise, g)
	if !r.Expand {
		p.depthwiseGrads(r.depthwise, g, x, p.besides(r, "dy"), p.inputGrad(r.depthwise))
		return
	}
	g = p.depthwiseMaskedGrads(r.depthwise, r.expand, g)
	if r.InputGrad && p.productBoth(r.expand, g, x, p.besides(r, "dy"), p.named("dx")) {
		return
	}
	p.productGradWeight(r.expand, g, inputOf{x: x})
	if r.InputGrad {
		p.productGradInput(r.expand, g, p.besides(r, "dy"), p.named("dx"))
	}
}
