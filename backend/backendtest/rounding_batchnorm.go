package backendtest

import (
	"math"

	"mnv2/backend"
	"mnv2/backend/ref"
	"mnv2/internal/tolerance"
)

// roundBatchNorm bounds batch norm, channel by channel.
//
// The variance is ill-conditioned where the mean is large beside the deviation s: its relative condition number is
// k = rms(x)/s (Chan, Golub and LeVeque 1983). Two passes, Welford's update and merging of partial moments stay within
// M*u*k*s^2 plus the square of the mean's error. The difference of the mean square and the squared mean, which loses k^2,
// does not, and is meant to be caught.
//
// Everything that is multiplied afterwards may be folded into y = x*scale + shift, so x and the mean count with their own
// magnitudes and not with that of their difference.
func roundBatchNorm(o backend.BatchNorm, before, after, bounds []*ref.Tensor) {
	for c := range o.C {
		switch o.Pass {
		case backend.Forward:
			roundNormForward(o, c, before, after, bounds)
		case backend.Infer:
			roundNormInfer(o, c, before, bounds[5])
		default:
			roundNormBackward(o, c, before, after, bounds)
		}
	}
}

// channelSums are sums over the M elements of one channel of x.
type channelSums struct {
	count          int
	mean, variance float64
	abs, square    float64 // means of |x| and x^2
	largest        float64
}

func sumChannel(x *ref.Tensor, c int) channelSums {
	var s channelSums
	for i := c; i < len(x.V); i += x.Desc.C {
		v := x.V[i]
		s.count++
		s.mean += v
		s.abs += math.Abs(v)
		s.square += v * v
		s.largest = math.Max(s.largest, math.Abs(v))
	}
	n := float64(s.count)
	s.mean, s.abs, s.square = s.mean/n, s.abs/n, s.square/n
	for i := c; i < len(x.V); i += x.Desc.C {
		s.variance += (x.V[i] - s.mean) * (x.V[i] - s.mean)
	}
	s.variance /= n
	return s
}

// meanError bounds the error of the mean, varianceError that of the biased variance.
func (s channelSums) meanError() float64 {
	return tolerance.F32.Sum(s.count+4, s.abs)
}

func (s channelSums) varianceError() float64 {
	shift := s.meanError() + 2*unit*s.largest
	return tolerance.Gamma(s.count+8, unit)*math.Sqrt(s.variance*s.square) + shift*shift + float64(s.count)*tolerance.F32.Flush
}

func roundNormForward(o backend.BatchNorm, c int, before, after, bounds []*ref.Tensor) {
	x, gamma, beta, runmean, runvar := before[0], before[1].V[c], before[2].V[c], before[3].V[c], before[4].V[c]
	s := sumChannel(x, c)
	invstd := after[6].V[c]
	dmean, dvar := s.meanError(), s.varianceError()
	dinvstd := dvar/2*math.Pow(max(s.variance-dvar, 0)+float64(o.Eps), -1.5) + 4*unit*invstd
	unbiased := 1.0
	if s.count > 1 {
		unbiased = float64(s.count) / float64(s.count-1)
	}
	m := float64(o.Momentum)
	bounds[3].V[c] = m*dmean + 4*unit*(math.Abs(runmean)+m*math.Abs(s.mean))
	bounds[4].V[c] = m*dvar*unbiased + 5*unit*(math.Abs(runvar)+m*s.variance*unbiased)
	bounds[5].V[c] = dmean
	bounds[6].V[c] = dinvstd
	scale := math.Abs(gamma) * invstd
	for i := c; i < len(x.V); i += o.C {
		v := x.V[i]
		bounds[7].V[i] = scale*dmean + math.Abs(gamma*(v-s.mean))*dinvstd +
			6*unit*scale*(math.Abs(v)+math.Abs(s.mean)) + 3*unit*math.Abs(beta)
	}
}

func roundNormInfer(o backend.BatchNorm, c int, before []*ref.Tensor, bound *ref.Tensor) {
	x, gamma, beta, mean, variance := before[0], before[1].V[c], before[2].V[c], before[3].V[c], before[4].V[c]
	scale := math.Abs(gamma) / math.Sqrt(variance+float64(o.Eps))
	for i := c; i < len(x.V); i += o.C {
		bound.V[i] = 8*unit*scale*(math.Abs(x.V[i])+math.Abs(mean)) + 3*unit*math.Abs(beta)
	}
}

// roundNormBackward bounds the gradients. dgamma is a sum of dy times a difference that must have been formed first; in dx
// the difference may be folded into a multiple of x and a constant.
func roundNormBackward(o backend.BatchNorm, c int, before, after, bounds []*ref.Tensor) {
	x, dy, gamma, mean, invstd := before[0], before[1], before[2].V[c], before[3].V[c], before[4].V[c]
	dgamma, dbeta := after[6].V[c], after[7].V[c]
	count, sum, product := 0, 0.0, 0.0
	for i := c; i < len(x.V); i += o.C {
		count++
		sum += math.Abs(dy.V[i])
		product += math.Abs(dy.V[i] * (x.V[i] - mean) * invstd)
	}
	ddgamma, ddbeta := tolerance.F32.Sum(count+6, product), tolerance.F32.Sum(count+4, sum)
	bounds[6].V[c], bounds[7].V[c] = ddgamma, ddbeta
	scale, m := math.Abs(gamma)*invstd, float64(count)
	for i := c; i < len(x.V); i += o.C {
		xhat := math.Abs(x.V[i]-mean) * invstd
		magnitude := math.Abs(dy.V[i]) + math.Abs(dbeta)/m + (math.Abs(x.V[i])+math.Abs(mean))*invstd*math.Abs(dgamma)/m
		bounds[5].V[i] = scale*(ddbeta+xhat*ddgamma)/m + 8*unit*scale*magnitude
	}
}
