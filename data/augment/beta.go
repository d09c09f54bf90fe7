package augment

import (
	"math"
	"math/rand/v2"
)

// Beta draws from Beta(alpha, alpha): x/(x+y) of two numbers from Gamma(alpha).
func Beta(rng *rand.Rand, alpha float64) float64 {
	x, y := logGamma(rng, alpha), logGamma(rng, alpha)
	return 1 / (1 + math.Exp(y-x))
}

// dirichlet fills weights from a symmetric Dirichlet distribution; they add up to 1.
func dirichlet(rng *rand.Rand, alpha float64, weights []float32) {
	logs := make([]float64, len(weights))
	top := math.Inf(-1)
	for i := range logs {
		logs[i] = logGamma(rng, alpha)
		top = max(top, logs[i])
	}
	sum := 0.
	for i := range logs {
		logs[i] = math.Exp(logs[i] - top)
		sum += logs[i]
	}
	for i := range weights {
		weights[i] = float32(logs[i] / sum)
	}
}

// logGamma is the logarithm of a number drawn from Gamma(alpha), by Marsaglia and Tsang (2000). Small alphas give numbers that only a logarithm
// can hold: Gamma(alpha) = Gamma(alpha+1) * U^(1/alpha).
func logGamma(rng *rand.Rand, alpha float64) float64 {
	boost := 0.
	if alpha < 1 {
		boost = math.Log(1-rng.Float64()) / alpha // of a number above 0
		alpha++
	}
	d := alpha - 1./3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rng.NormFloat64()
		v := 1 + float64(c*x)
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-rng.Float64()) < float64(0.5*x*x)+d-float64(d*v)+float64(d*math.Log(v)) {
			return math.Log(d*v) + boost
		}
	}
}
