package cpu

import (
	"math"

	"mnv2/backend"
)

// lamb is one step of Lamb, tensor by tensor, in float32. The formula stands at [backend.Update].
type lamb struct {
	*env
	tensors int
	task    func(tensor, worker int)
}

func newLamb(o backend.Update, e *env) program {
	p := &lamb{env: e, tensors: o.Tensors}
	p.task = p.step
	return p
}

func (p *lamb) workspace() int64 { return 0 }

func (p *lamb) run() error {
	p.parallel(p.tensors, p.task)
	return nil
}

// gradient is d*scale; with a scale of 0 the gradient counts as 0, whatever it holds.
func gradient(d, scale float32) float32 {
	if scale == 0 {
		return 0
	}
	return d * scale
}

func root(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// step is that of one tensor: its moments and norms, then its weights, whose direction is worked out again.
func (p *lamb) step(tensor, _ int) {
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
