package ref

import (
	"math"

	"mnv2/backend"
)

// reduce is the sum, the sum of squares, or whether all elements are finite.
func reduce(o backend.Reduce, x, y *Tensor) {
	sum, squares, finite := 0.0, 0.0, 1.0
	for _, v := range x.V {
		sum += v
		squares += v * v
		if math.IsNaN(v) || math.IsInf(v, 0) {
			finite = 0
		}
	}
	switch o.Kind {
	case backend.Sum:
		y.V[0] = sum
	case backend.SumSquares:
		y.V[0] = squares
	default:
		y.V[0] = finite
	}
}
