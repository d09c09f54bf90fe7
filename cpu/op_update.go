package cpu

import "mnv2/backend"

// update is one step of SGD with momentum:
//
//	g = dw*GradScale + WeightDecay*w; v = mu*v + g; w = w - lr*v (Momentum) or w - lr*(g + mu*v) (Nesterov)
type update struct {
	*env
	elements int
	task     func(chunk, worker int)
}

func newUpdate(o backend.Update, e *env) (program, string) {
	u := &update{env: e, elements: o.Elements}
	switch o.Rule {
	case backend.Momentum:
		u.task = u.momentum
	case backend.Nesterov:
		u.task = u.nesterov
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

// slices returns the numbers of a chunk, and the hyper-parameters.
func (u *update) slices(chunk int) (dw, w, v []float32, h *[backend.HyperCount]float32) {
	from, to := flatRange(chunk, u.elements)
	n := to - from
	return u.f32(0)[from:to], u.f32(2)[from:to][:n], u.f32(3)[from:to][:n], (*[backend.HyperCount]float32)(u.f32(1))
}

func (u *update) momentum(chunk, _ int) {
	dw, w, v, h := u.slices(chunk)
	w, v = w[:len(dw)], v[:len(dw)]
	lr, decay, mu, scale := h[backend.HyperLR], h[backend.HyperWeightDecay], h[backend.HyperMomentum], h[backend.HyperGradScale]
	for i, d := range dw {
		g := d*scale + decay*w[i]
		v[i] = mu*v[i] + g
		w[i] -= lr * v[i]
	}
}

func (u *update) nesterov(chunk, _ int) {
	dw, w, v, h := u.slices(chunk)
	w, v = w[:len(dw)], v[:len(dw)]
	lr, decay, mu, scale := h[backend.HyperLR], h[backend.HyperWeightDecay], h[backend.HyperMomentum], h[backend.HyperGradScale]
	for i, d := range dw {
		g := d*scale + decay*w[i]
		v[i] = mu*v[i] + g
		w[i] -= lr * (g + mu*v[i])
	}
}
