package ref

import (
	"math"

	"mnv2/backend"
)

// hyper are the numbers of an update, by the names that backend.Update's formulas use.
type hyper struct {
	lr, decay, mu, scale, beta, eps, c1, c2, c3, wd float64
}

func newHyper(h []float64) hyper {
	return hyper{lr: h[backend.HyperLR], decay: h[backend.HyperWeightDecay], mu: h[backend.HyperMomentum], scale: h[backend.HyperGradScale],
		beta: h[backend.HyperSecond], eps: h[backend.HyperEps], c1: h[backend.HyperFirstScale], c2: h[backend.HyperSecondScale],
		c3: h[backend.HyperGradShare], wd: h[backend.HyperDecoupled]}
}

// update is one step of an optimizer, weight by weight.
func update(o backend.Update, t []*Tensor) {
	h := newHyper(t[1].V)
	if o.Rule == backend.Lamb {
		lamb(h, t)
		return
	}
	dw, w := t[0].V, t[2].V
	v, s := make([]float64, len(w)), make([]float64, len(w))
	if o.Rule.States() > 0 {
		v = t[3].V
	}
	if o.Rule.States() > 1 {
		s = t[4].V
	}
	for i := range w {
		g := h.gradient(dw[i])
		if o.Rule != backend.Blend {
			g += h.decay * w[i]
		}
		w[i] = h.step(o.Rule, g, w[i], &v[i], &s[i])
	}
}

// gradient is dw*gscale; with a scale of 0 dw is not read.
func (h hyper) gradient(dw float64) float64 {
	if h.scale == 0 {
		return 0
	}
	return dw * h.scale
}

// step moves one weight and returns it.
func (h hyper) step(rule backend.Rule, g, w float64, v, s *float64) float64 {
	switch rule {
	case backend.Momentum:
		*v = h.mu**v + g
		return w - h.lr**v
	case backend.Nesterov:
		*v = h.mu**v + g
		return w - h.lr*(g+h.mu**v)
	case backend.Adam:
		return w - h.lr*(h.adam(g, v, s)+h.wd*w)
	case backend.Lion:
		u := sign(h.mu**v + (1-h.mu)*g)
		*v = h.beta**v + (1-h.beta)*g
		return w - h.lr*(u+h.wd*w)
	case backend.RMSProp:
		*s = h.beta**s + (1-h.beta)*g*g
		*v = h.mu**v + h.lr*g/math.Sqrt(*s+h.eps)
		return w - h.c3**v
	case backend.Adagrad:
		*v += g * g
		return w - h.lr*g/(math.Sqrt(*v)+h.eps)
	default: // Blend
		if h.mu == 0 {
			return h.lr * g
		}
		return h.mu*w + h.lr*g
	}
}

// adam moves the moments and returns the direction.
func (h hyper) adam(g float64, v, s *float64) float64 {
	*v = h.mu**v + (1-h.mu)*g
	*s = h.beta**s + (1-h.beta)*g*g
	return (h.c1**v + h.c3*g) / (math.Sqrt(h.c2**s) + h.eps)
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}

// lamb is Adam with a rate for each tensor.
func lamb(h hyper, t []*Tensor) {
	dw, w, v, s := t[0].V, t[3].V, t[4].V, t[5].V
	h.c3 = 0
	from := 0
	for _, end := range t[2].V {
		to := int(end)
		z := make([]float64, to-from)
		var ww, gg, zz float64
		for i := from; i < to; i++ {
			g := h.gradient(dw[i]) + h.decay*w[i]
			z[i-from] = h.adam(g, &v[i], &s[i]) + h.wd*w[i]
			other := h.c1*v[i]/math.Sqrt(h.c2*s[i]+h.eps) + h.wd*w[i]
			ww, gg, zz = ww+w[i]*w[i], gg+g*g, zz+other*other
		}
		rate := 1.0
		if ww > 0 && gg > 0 && zz > 0 {
			rate = math.Min(math.Sqrt(ww/zz), 10)
		}
		for i := from; i < to; i++ {
			w[i] -= h.lr * rate * z[i-from]
		}
		from = to
	}
}
