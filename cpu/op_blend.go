package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// blend is w = mu*w + lr*gscale*dw; see [backend.Update]. It averages weights and gathers gradients.
type blend struct {
	*env
	elements int
	args     own[elementArgs]
	task     func(chunk, worker int)
}

func newBlend(o backend.Update, e *env) program {
	p := &blend{env: e, elements: o.Elements, args: newOwn[elementArgs](e)}
	p.task = p.step
	return p
}

func (p *blend) workspace() int64 { return 0 }

func (p *blend) run() error {
	p.parallel(flatChunks(p.elements), p.task)
	return nil
}

// step does not read w where mu is 0, nor dw where the gradient counts as 0: they may hold anything, NaN too.
func (p *blend) step(chunk, worker int) {
	from, to := flatRange(chunk, p.elements)
	dw, w, h := p.f32(0)[from:to], p.f32(2)[from:to], p.f32(1)
	a, share := p.args.of(worker), h[backend.HyperLR]*h[backend.HyperGradScale]
	if share == 0 {
		dw = noGradient[:to-from]
	}
	kernel := p.train.Blend
	if h[backend.HyperMomentum] == 0 {
		kernel = p.train.Scale
	}
	a.Elements = kernels.Elements{A: share, B: h[backend.HyperMomentum]}
	a.run(kernel, dw, w, nil)
}
