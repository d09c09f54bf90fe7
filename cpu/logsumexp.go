package cpu

import "math"

// logSumExp returns log(sum of exp(v)) without overflow.
func logSumExp(v []float32) float64 {
	largest := math.Inf(-1)
	for _, x := range v {
		largest = max(largest, float64(x))
	}
	sum := 0.0
	for _, x := range v {
		sum += math.Exp(float64(x) - largest)
	}
	return largest + math.Log(sum)
}
