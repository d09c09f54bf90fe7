package cpu

import (
	"math"

	"mnv2/backend"
)

// optimizer is one step of a rule other than SGD's, weight by weight, in float32. The formulas stand at [backend.Update].
type optimizer struct {
	*env
	op   backend.Update
	task func(chunk, worker int)
}

func newOptimizer(o backend.Update, e *env) (program, string) {
	p := &optimizer{env: e, op: o}
	tasks := map[backend.Rule]func(chunk, worker int){backend.Adam: p.adam, backend.Lion: p.lion, backend.RMSProp: p.rmsprop,
		backend.Adagrad: p.adagrad, backend.Blend: p.blend, backend.Lamb: p.lamb}
	p.task = tasks[o.Rule]
	if p.task == nil {
		return nil, "no update rule " + o.Rule.String()
	}
	return p, ""
}

func (p *optimizer) workspace() int64 { return 0 }

func (p *optimizer) run() error {
	chunks := flatChunks(p.op.Elements)
	if p.op.Rule == backend.Lamb {
		chunks = p.op.Tensors
	}
	p.parallel(chunks, p.task)
	return nil
}

// part returns the numbers of operand i that belong to a chunk.
func (p *optimizer) part(i, chunk int) []float32 {
	from, to := flatRange(chunk, p.op.Elements)
	return p.f32(i)[from:to]
}

// gradient is d*scale; with a scale of 0 the gradient counts as 0, whatever it holds.
func gradient(d, scale float32) float32 {
	if scale == 0 {
		return 0
	}
	return d * scale
}

func root(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func (p *optimizer) adam(chunk, _ int) {
	dw, w := p.part(0, chunk), p.part(2, chunk)
	adamStep(p.f32(1), dw, w[:len(dw)], p.part(3, chunk)[:len(dw)], p.part(4, chunk)[:len(dw)])
}

func adamStep(h, dw, w, v, s []float32) {
	lr, decay, mu, scale := h[backend.HyperLR], h[backend.HyperWeightDecay], h[backend.HyperMomentum], h[backend.HyperGradScale]
	beta, eps, wd := h[backend.HyperSecond], h[backend.HyperEps], h[backend.HyperDecoupled]
	c1, c2, c3 := h[backend.HyperFirstScale], h[backend.HyperSecondScale], h[backend.HyperGradShare]
	for i, d := range dw {
		g := gradient(d, scale) + decay*w[i]
		v[i] = mu*v[i] + (1-mu)*g
		s[i] = beta*s[i] + (1-beta)*g*g
		w[i] -= lr * ((c1*v[i]+c3*g)/(root(c2*s[i])+eps) + wd*w[i])
	}
}

func (p *optimizer) lion(chunk, _ int) {
	h, dw, w, v := p.f32(1), p.part(0, chunk), p.part(2, chunk), p.part(3, chunk)
	mu, beta, wd := h[backend.HyperMomentum], h[backend.HyperSecond], h[backend.HyperDecoupled]
	for i, d := range dw {
		g := gradient(d, h[backend.HyperGradScale]) + h[backend.HyperWeightDecay]*w[i]
		u := mu*v[i] + (1-mu)*g
		switch {
		case u > 0:
			u = 1
		case u < 0:
			u = -1
		}
		v[i] = beta*v[i] + (1-beta)*g
		w[i] -= h[backend.HyperLR] * (u + wd*w[i])
	}
}

func (p *optimizer) rmsprop(chunk, _ int) {
	h, dw, w, v, s := p.f32(1), p.part(0, chunk), p.part(2, chunk), p.part(3, chunk), p.part(4, chunk)
	beta := h[backend.HyperSecond]
	for i, d := range dw {
		g := gradient(d, h[backend.HyperGradScale]) + h[backend.HyperWeightDecay]*w[i]
		s[i] = beta*s[i] + (1-beta)*g*g
		v[i] = h[backend.HyperMomentum]*v[i] + h[backend.HyperLR]*g/root(s[i]+h[backend.HyperEps])
		w[i] -= h[backend.HyperGradShare] * v[i]
	}
}

func (p *optimizer) adagrad(chunk, _ int) {
	h, dw, w, v := p.f32(1), p.part(0, chunk), p.part(2, chunk), p.part(3, chunk)
	for i, d := range dw {
		g := gradient(d, h[backend.HyperGradScale]) + h[backend.HyperWeightDecay]*w[i]
		v[i] += g * g
		w[i] -= h[backend.HyperLR] * g / (root(v[i]) + h[backend.HyperEps])
	}
}

func (p *optimizer) blend(chunk, _ int) {
	h, dw, w := p.f32(1), p.part(0, chunk), p.part(2, chunk)
	mu, share := h[backend.HyperMomentum], h[backend.HyperLR]*h[backend.HyperGradScale]
	if mu == 0 { // w may hold anything, NaN too
		for i, d := range dw {
			w[i] = gradient(d, share)
		}
		return
	}
	for i, d := range dw {
		w[i] = mu*w[i] + gradient(d, share)
	}
}

// lamb is the step of one tensor: its moments and norms, then its weights, whose direction is worked out again.
func (p *optimizer) lamb(tensor, _ int) {
	ends := slab[int32](p.operands[2])
	from, to := 0, int(ends[tensor])
	if tensor > 0 {
		from = int(ends[tensor-1])
	}
	h := p.f32(1)
	dw, w, v, s := p.f32(0)[from:to], p.f32(3)[from:to], p.f32(4)[from:to], p.f32(5)[from:to]
	c1, c2, eps, wd := h[backend.HyperFirstScale], h[backend.HyperSecondScale], h[backend.HyperEps], h[backend.HyperDecoupled]
	mu, beta := h[backend.HyperMomentum], h[backend.HyperSecond]
	var ww, gg, zz float64
	for i, d := range dw {
		g := gradient(d, h[backend.HyperGradScale]) + h[backend.HyperWeightDecay]*w[i]
		v[i] = mu*v[i] + (1-mu)*g
		s[i] = beta*s[i] + (1-beta)*g*g
		z := c1*v[i]/root(c2*s[i]+eps) + wd*w[i]
		ww, gg, zz = ww+float64(w[i])*float64(w[i]), gg+float64(g)*float64(g), zz+float64(z)*float64(z)
	}
	rate := float32(1)
	if ww > 0 && gg > 0 && zz > 0 {
		rate = float32(math.Min(math.Sqrt(ww/zz), 10))
	}
	for i := range w {
		w[i] -= h[backend.HyperLR] * rate * (c1*v[i]/(root(c2*s[i])+eps) + wd*w[i])
	}
}
