package backendtest

import (
	"math"

	"mnv2/backend"
	"mnv2/backend/ref"
	"mnv2/internal/tolerance"
)

// roundClassLoss bounds a ClassLoss. Every probability is an exp, every loss a sum of logarithms of them times numbers up to 1: an error of a in the argument
// of exp is a relative error of a in its value, so that logits count with their magnitudes, and 1-p is off by a unit of 1 whatever p is. The powers multiply
// relative errors by 4 at most. A count of 64 roundings per class covers every formula.
func roundClassLoss(o backend.ClassLoss, before, bounds []*ref.Tensor) {
	logits, scale := before[0].V, math.Abs(before[2].V[0])
	loss, dlogits := bounds[3].V, bounds[4].V
	rows, weight := o.N, 1.0
	if o.Kind == backend.JensenShannon {
		rows, weight = o.N/backend.JensenShannonViews, backend.JensenShannonAlpha
	}
	if o.Mean {
		scale /= float64(rows)
	}
	part := 1.0
	if o.Kind == backend.BinaryCrossEntropy && o.Mean {
		part = 1 / float64(o.C)
	}
	gamma := tolerance.Gamma(64+o.C, unit)
	for n := range o.N {
		row := logits[n*o.C : (n+1)*o.C]
		size := 2 + math.Log(float64(o.C)) // of the largest logarithm of a probability
		for _, x := range row {
			size = math.Max(size, 2+2*math.Abs(x)+math.Log(float64(o.C)))
		}
		loss[n%rows] += part * weight * float64(o.C) * gamma * size
		for c := range row {
			dlogits[n*o.C+c] = scale * part * weight * gamma * size
		}
	}
}
