package ref

import "mnv2/backend"

// update is one step of SGD with momentum, plain or Nesterov's.
func update(o backend.Update, dw, hyper, w, v *Tensor) {
	lr, decay := hyper.V[backend.HyperLR], hyper.V[backend.HyperWeightDecay]
	mu, scale := hyper.V[backend.HyperMomentum], hyper.V[backend.HyperGradScale]
	for i := range w.V {
		g := dw.V[i]*scale + decay*w.V[i]
		v.V[i] = mu*v.V[i] + g
		if o.Rule == backend.Nesterov {
			w.V[i] -= lr * (g + mu*v.V[i])
		} else {
			w.V[i] -= lr * v.V[i]
		}
	}
}
