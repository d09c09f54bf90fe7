package ref

import (
	"math"

	"mnv2/backend"
)

// batchNorm normalises every channel; the formulas are in backend.BatchNorm.
func batchNorm(o backend.BatchNorm, t []*Tensor) {
	for c := range o.C {
		switch o.Pass {
		case backend.Forward:
			batchNormForward(o, c, t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7])
		case backend.Infer:
			batchNormInfer(o, c, t[0], t[1], t[2], t[3], t[4], t[5])
		default:
			batchNormBackward(o, c, t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7])
		}
	}
}

func batchNormForward(o backend.BatchNorm, c int, x, gamma, beta, runmean, runvar, mean, invstd, y *Tensor) {
	count := float64(o.N * o.H * o.W)
	m, v := moments(x, c)
	mean.V[c] = m
	invstd.V[c] = 1 / math.Sqrt(v+float64(o.Eps))
	for i := c; i < len(x.V); i += o.C {
		y.V[i] = gamma.V[c]*(x.V[i]-m)*invstd.V[c] + beta.V[c]
	}
	unbiased := v
	if count > 1 {
		unbiased = v * count / (count - 1)
	}
	momentum := float64(o.Momentum)
	runmean.V[c] = (1-momentum)*runmean.V[c] + momentum*m
	runvar.V[c] = (1-momentum)*runvar.V[c] + momentum*unbiased
}

// moments returns the mean and the biased variance of channel c.
func moments(x *Tensor, c int) (mean, variance float64) {
	count := 0.0
	for i := c; i < len(x.V); i += x.Desc.C {
		mean += x.V[i]
		count++
	}
	mean /= count
	for i := c; i < len(x.V); i += x.Desc.C {
		variance += (x.V[i] - mean) * (x.V[i] - mean)
	}
	return mean, variance / count
}

func batchNormInfer(o backend.BatchNorm, c int, x, gamma, beta, runmean, runvar, y *Tensor) {
	for i := c; i < len(x.V); i += o.C {
		y.V[i] = gamma.V[c]*(x.V[i]-runmean.V[c])/math.Sqrt(runvar.V[c]+float64(o.Eps)) + beta.V[c]
	}
}

func batchNormBackward(o backend.BatchNorm, c int, x, dy, gamma, mean, invstd, dx, dgamma, dbeta *Tensor) {
	count := float64(o.N * o.H * o.W)
	xhat := func(i int) float64 { return (x.V[i] - mean.V[c]) * invstd.V[c] }
	dg, db := 0.0, 0.0
	for i := c; i < len(x.V); i += o.C {
		db += dy.V[i]
		dg += dy.V[i] * xhat(i)
	}
	dgamma.V[c], dbeta.V[c] = dg, db
	for i := c; i < len(x.V); i += o.C {
		dx.V[i] = gamma.V[c] * invstd.V[c] * (dy.V[i] - db/count - xhat(i)*dg/count)
	}
}
