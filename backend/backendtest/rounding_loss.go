package backendtest

import (
	"math"

	"mnv2/backend"
	"mnv2/backend/ref"
	"mnv2/internal/tolerance"
)

// roundSoftmaxCrossEntropy bounds the loss and its gradient, row by row. exp and log may be off by four units in the last
// place. An error of a in the argument of exp is a relative error of a in its value, so the logits count with their
// magnitudes and not only with their differences.
func roundSoftmaxCrossEntropy(o backend.SoftmaxCrossEntropy, before, after, bounds []*ref.Tensor) {
	logits := before[0]
	loss, scale := bounds[2], 0.0
	if o.Pass == backend.Backward {
		loss, scale = bounds[3], math.Abs(before[2].V[0])
	}
	if o.Mean {
		scale /= float64(o.N)
	}
	for n := range o.N {
		row := logits.V[n*o.C : (n+1)*o.C]
		target := smoothedTarget(o, before[1], n)
		logSum, dlogSum := logSumError(row)
		mass := 0.0
		for c, t := range target {
			mass += t
			loss.V[n] += t * (dlogSum + tolerance.Gamma(o.C+16, unit)*(math.Abs(row[c])+math.Abs(logSum)))
		}
		if o.Pass != backend.Backward {
			continue
		}
		for c, t := range target {
			p := math.Exp(row[c]-logSum) * mass
			relative := dlogSum + 4*unit*(math.Abs(row[c])+math.Abs(logSum)) + tolerance.Gamma(o.C+10, unit)
			bounds[4].V[n*o.C+c] = scale*(p*relative+6*unit*t) + 4*unit*math.Abs(after[4].V[n*o.C+c]) + scale*tolerance.F32.Flush
		}
	}
}

// smoothedTarget returns the target of image n, all zero for padding.
func smoothedTarget(o backend.SoftmaxCrossEntropy, target *ref.Tensor, n int) []float64 {
	row := make([]float64, o.C)
	if !o.Soft && target.V[n] < 0 {
		return row
	}
	for c := range row {
		v := 0.0
		if o.Soft {
			v = target.V[n*o.C+c]
		} else if int(target.V[n]) == c {
			v = 1
		}
		row[c] = (1-float64(o.Smoothing))*v + float64(o.Smoothing)/float64(o.C)
	}
	return row
}

// logSumError returns log(sum of exp(v)) and how far off it may be.
func logSumError(row []float64) (logSum, bound float64) {
	largest := math.Inf(-1)
	for _, v := range row {
		largest = math.Max(largest, v)
	}
	sum, spread := 0.0, 0.0
	for _, v := range row {
		e := math.Exp(v - largest)
		sum += e
		spread += e * math.Abs(v-largest)
	}
	logSum = largest + math.Log(sum)
	bound = spread/sum*unit + tolerance.Gamma(len(row)+12, unit) + 6*unit*(math.Abs(largest)+math.Log(sum))
	return logSum, bound
}
