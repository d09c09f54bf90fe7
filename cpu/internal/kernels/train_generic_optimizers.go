package kernels

import "math"

// states returns the weights of a step and what belongs to them. A rule that keeps no S has none.
func (a *Optimizer) states() (dw, w, v, s []float32) {
	if a.S != nil {
		s = numbers(a.S, a.Count)
	}
	return numbers(a.DW, a.Count), numbers(a.W, a.Count), numbers(a.V, a.Count), s
}

// gradient is that of a weight, with the decay that acts through it.
func (a *Optimizer) gradient(d, w float32) float32 { return d*a.Scale[0] + a.Decay[0]*w }

func root(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func adam(a *Optimizer) {
	dw, w, v, s := a.states()
	for i, d := range dw {
		g := a.gradient(d, w[i])
		v[i] = a.Momentum[0]*v[i] + a.NotMomentum[0]*g
		s[i] = a.Second[0]*s[i] + a.NotSecond[0]*g*g
		w[i] -= a.Rate[0] * ((a.FirstScale[0]*v[i]+a.Share[0]*g)/(root(a.SecondScale[0]*s[i])+a.Eps[0]) + a.Decoupled[0]*w[i])
	}
}

func lion(a *Optimizer) {
	dw, w, v, _ := a.states()
	for i, d := range dw {
		g := a.gradient(d, w[i])
		u := a.Momentum[0]*v[i] + a.NotMomentum[0]*g
		switch {
		case u > 0:
			u = 1
		case u < 0:
			u = -1
		}
		v[i] = a.Second[0]*v[i] + a.NotSecond[0]*g
		w[i] -= a.Rate[0] * (u + a.Decoupled[0]*w[i])
	}
}

func rmsprop(a *Optimizer) {
	dw, w, v, s := a.states()
	for i, d := range dw {
		g := a.gradient(d, w[i])
		s[i] = a.Second[0]*s[i] + a.NotSecond[0]*g*g
		v[i] = a.Momentum[0]*v[i] + a.Rate[0]*g/root(s[i]+a.Eps[0])
		w[i] -= a.Share[0] * v[i]
	}
}

func adagrad(a *Optimizer) {
	dw, w, v, _ := a.states()
	for i, d := range dw {
		g := a.gradient(d, w[i])
		v[i] += g * g
		w[i] -= a.Rate[0] * g / (root(v[i]) + a.Eps[0])
	}
}
