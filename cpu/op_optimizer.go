package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// optimizer is one step of a rule other than SGD's, in one pass over all that a weight has, in float32. The formulas stand at
// [backend.Update].
type optimizer struct {
	*env
	elements int
	states   int
	kernel   func(*kernels.Optimizer)
	args     own[optimizerArgs]
	task     func(chunk, worker int)
}

// optimizerArgs are the arguments of the kernel, and room for numbers that do not make eight.
type optimizerArgs struct {
	kernels.Optimizer
	dw, w, v, s vec
}

func newOptimizer(o backend.Update, e *env) (program, string) {
	switch o.Rule {
	case backend.Lamb:
		return newLamb(o, e), ""
	case backend.Blend:
		return newBlend(o, e), ""
	}
	rules := map[backend.Rule]func(*kernels.Optimizer){backend.Adam: e.train.Adam, backend.Lion: e.train.Lion,
		backend.RMSProp: e.train.RMSProp, backend.Adagrad: e.train.Adagrad}
	p := &optimizer{env: e, elements: o.Elements, states: o.Rule.States(), kernel: rules[o.Rule], args: newOwn[optimizerArgs](e)}
	if p.kernel == nil {
		return nil, "no update rule " + o.Rule.String()
	}
	p.task = p.step
	return p, ""
}

func (p *optimizer) workspace() int64 { return 0 }

func (p *optimizer) run() error {
	p.parallel(flatChunks(p.elements), p.task)
	return nil
}

func (p *optimizer) step(chunk, worker int) {
	from, to := flatRange(chunk, p.elements)
	dw, w, v := p.f32(0)[from:to], p.f32(2)[from:to], p.f32(3)[from:to]
	var s []float32
	if p.states == 2 {
		s = p.f32(4)[from:to]
	}
	a, h := p.args.of(worker), p.f32(1)
	if h[backend.HyperGradScale] == 0 {
		dw = noGradient[:to-from]
	}
	a.numbers(h)
	whole := len(dw) / lanes * lanes
	if whole > 0 {
		a.DW, a.W, a.V, a.S, a.Count = &dw[0], &w[0], &v[0], first(s), whole/lanes
		p.kernel(&a.Optimizer)
	}
	if whole < len(dw) {
		lists := [...][]float32{dw, w, v, s}
		rest := [...]*vec{&a.dw, &a.w, &a.v, &a.s}
		for i, list := range lists {
			copy(rest[i][:], list[min(whole, len(list)):])
		}
		a.DW, a.W, a.V, a.S, a.Count = &a.dw[0], &a.w[0], &a.v[0], &a.s[0], 1
		p.kernel(&a.Optimizer)
		for i, list := range lists[1:] {
			copy(list[min(whole, len(list)):], rest[i+1][:])
		}
	}
	*a = optimizerArgs{}
}

// numbers fills in those of a step.
func (a *optimizerArgs) numbers(h []float32) {
	a.Rate, a.Decay, a.Scale = filled(h[backend.HyperLR]), filled(h[backend.HyperWeightDecay]), filled(h[backend.HyperGradScale])
	a.Momentum, a.NotMomentum = filled(h[backend.HyperMomentum]), filled(1-h[backend.HyperMomentum])
	a.Second, a.NotSecond, a.Eps = filled(h[backend.HyperSecond]), filled(1-h[backend.HyperSecond]), filled(h[backend.HyperEps])
	a.FirstScale, a.SecondScale = filled(h[backend.HyperFirstScale]), filled(h[backend.HyperSecondScale])
	a.Share, a.Decoupled, a.One = filled(h[backend.HyperGradShare]), filled(h[backend.HyperDecoupled]), filled(1)
}

// filled returns eight times a number.
func filled(x float32) (v vec) {
	for l := range v {
		v[l] = x
	}
	return v
}
