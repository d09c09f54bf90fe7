package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// update is one step of SGD with momentum:
//
//	g = dw*GradScale + WeightDecay*w; v = mu*v + g; w = w - lr*v (Momentum) or w - lr*(g + mu*v) (Nesterov)
type update struct {
	*env
	elements int
	nesterov int
	args     own[updateArgs]
	task     func(chunk, worker int)
}

// updateArgs are the arguments of the kernel, and room for numbers that do not make eight.
type updateArgs struct {
	kernels.Momentum
	dw, w, v vec
}

func newUpdate(o backend.Update, e *env) (program, string) {
	u := &update{env: e, elements: o.Elements, args: newOwn[updateArgs](e)}
	u.task = u.step
	switch o.Rule {
	case backend.Momentum:
	case backend.Nesterov:
		u.nesterov = 1
	default:
		return nil, "no update rule " + o.Rule.String()
	}
	return u, ""
}

func (u *update) workspace() int64 { return 0 }

func (u *update) run() error {
	u.parallel(flatChunks(u.elements), u.task)
	return nil
}

// noGradient stands in for gradients that must not be read.
var noGradient [flatChunk]float32

func (u *update) step(chunk, worker int) {
	from, to := flatRange(chunk, u.elements)
	dw, w, v := u.f32(0)[from:to], u.f32(2)[from:to], u.f32(3)[from:to]
	h, a := u.f32(1), u.args.of(worker)
	if h[backend.HyperGradScale] == 0 {
		dw = noGradient[:to-from]
	}
	a.Rate, a.Decay = h[backend.HyperLR], h[backend.HyperWeightDecay]
	a.Momentum.Momentum, a.Scale = h[backend.HyperMomentum], h[backend.HyperGradScale]
	whole := len(dw) / lanes * lanes
	if whole > 0 {
		a.DW, a.W, a.V, a.Count = &dw[0], &w[0], &v[0], whole/lanes
		u.train.Momentum[u.nesterov](&a.Momentum)
	}
	if whole < len(dw) {
		copy(a.dw[:], dw[whole:])
		copy(a.w[:], w[whole:])
		copy(a.v[:], v[whole:])
		a.DW, a.W, a.V, a.Count = &a.dw[0], &a.w[0], &a.v[0], 1
		u.train.Momentum[u.nesterov](&a.Momentum)
		copy(w[whole:], a.w[:])
		copy(v[whole:], a.v[:])
	}
	*a = updateArgs{}
}
