package ref

import (
	"math"

	"mnv2/backend"
)

// classLoss is one of the losses beside softmax cross-entropy, and its gradient.
func classLoss(o backend.ClassLoss, t []*Tensor) {
	logits, target, scale, loss, dlogits := t[0].V, t[1].V, t[2].V[0], t[3].V, t[4].V
	row := func(v []float64, n int) []float64 { return v[n*o.C : (n+1)*o.C] }
	if o.Kind == backend.JensenShannon {
		b := o.N / backend.JensenShannonViews
		clear(loss)
		for n := range b {
			var x, dx [backend.JensenShannonViews][]float64
			for k := range x {
				x[k], dx[k] = row(logits, n+k*b), row(dlogits, n+k*b)
			}
			loss[n] = jensenShannon(o, x, smoothed(o, row(target, n)), dx, b)
		}
		if o.Mean {
			scale /= float64(b)
		}
	} else {
		for n := range o.N {
			x, wanted, dx := row(logits, n), row(target, n), row(dlogits, n)
			switch o.Kind {
			case backend.BinaryCrossEntropy:
				loss[n] = binaryLoss(o, x, smoothed(o, wanted), dx)
			case backend.AsymmetricMulti:
				loss[n] = asymmetricMulti(x, wanted, dx)
			default:
				loss[n] = asymmetricSingle(x, wanted, smoothed(o, wanted), dx)
			}
		}
		if o.Mean {
			scale /= float64(o.N)
		}
	}
	for i := range dlogits {
		dlogits[i] *= scale
	}
}

func smoothed(o backend.ClassLoss, wanted []float64) []float64 {
	y := make([]float64, len(wanted))
	for c, t := range wanted {
		y[c] = (1-float64(o.Smoothing))*t + float64(o.Smoothing)/float64(o.C)
	}
	return y
}

// binaryLoss writes the gradient of the loss of one row and returns the loss; so do the others.
func binaryLoss(o backend.ClassLoss, x, y, dx []float64) (loss float64) {
	part := 1.0
	if o.Mean {
		part = 1 / float64(o.C)
	}
	for c, v := range x {
		loss += part * (math.Max(v, 0) - v*y[c] + math.Log1p(math.Exp(-math.Abs(v))))
		dx[c] = part * (sigmoid(v) - y[c])
	}
	return loss
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func asymmetricMulti(x, wanted, dx []float64) (loss float64) {
	for c, v := range x {
		t, p, rest := wanted[c], sigmoid(v), sigmoid(-v) // rest is 1-p without cancellation
		q, counts := 1.0, rest+backend.AsymmetricClip < 1
		dq := 0.0
		if counts {
			q, dq = rest+backend.AsymmetricClip, -p*rest
		}
		logs := t*math.Log(math.Max(p, backend.AsymmetricEps)) + (1-t)*math.Log(math.Max(q, backend.AsymmetricEps))
		dlogs := (1 - t) * dq / q
		if p > backend.AsymmetricEps {
			dlogs += t * rest
		}
		u, du := p*t+q*(1-t), p*rest*t+dq*(1-t)
		w, dw := focus(1-u, t)
		loss -= logs * w
		dx[c] = -(dlogs*w - logs*dw*du)
	}
	return loss
}

// focus is base^(Positive*t + Negative*(1-t)) and its derivative.
func focus(base, t float64) (w, dw float64) {
	gamma := backend.AsymmetricPositive*t + backend.AsymmetricNegative*(1-t)
	if base <= 0 {
		return 0, 0
	}
	return math.Pow(base, gamma), gamma * math.Pow(base, gamma-1)
}

func asymmetricSingle(x, wanted, y, dx []float64) (loss float64) {
	logSum, sum := logSumExp(x), 0.0
	for c, v := range x {
		logp, t := v-logSum, wanted[c]
		p := math.Exp(logp)
		w, dw := focus((1-p)*t+p*(1-t), t)
		loss -= y[c] * logp * w
		dx[c] = -y[c] * (w + logp*dw*p*(1-2*t))
		sum += dx[c]
	}
	for c, v := range x {
		dx[c] -= math.Exp(v-logSum) * sum
	}
	return loss
}

// jensenShannon is of one sample, whose rows are x.
func jensenShannon(o backend.ClassLoss, x [backend.JensenShannonViews][]float64, y []float64, dx [backend.JensenShannonViews][]float64, samples int) (loss float64) {
	weight := float64(backend.JensenShannonAlpha) / backend.JensenShannonViews
	if !o.Mean {
		weight /= float64(samples)
	}
	var logSum [backend.JensenShannonViews]float64
	for k := range x {
		logSum[k] = logSumExp(x[k])
	}
	mass := 0.0
	for c, t := range y {
		mass += t
		loss -= t * (x[0][c] - logSum[0])
		mean, below := 0.0, 0.0
		for k := range x {
			mean += math.Exp(x[k][c]-logSum[k]) / backend.JensenShannonViews
		}
		if mean < backend.JensenShannonEps {
			mean, below = backend.JensenShannonEps, 1
		}
		for k := range x {
			logp := x[k][c] - logSum[k]
			loss += weight * math.Exp(logp) * (logp - math.Log(mean))
			dx[k][c] = weight * (logp - math.Log(mean) + below) // by p, for now
		}
	}
	for k := range x {
		sum := 0.0
		for c, v := range x[k] {
			sum += math.Exp(v-logSum[k]) * dx[k][c]
		}
		for c, v := range x[k] {
			p := math.Exp(v - logSum[k])
			dx[k][c] = p * (dx[k][c] - sum)
			if k == 0 {
				dx[k][c] += p*mass - y[c]
			}
		}
	}
	return loss
}
