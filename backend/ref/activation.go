package ref

import (
	"math"

	"mnv2/backend"
)

// activation is y = min(max(x, 0), 6), and dx = dy where 0 < y < 6, else 0.
func activation(o backend.Activation, t []*Tensor) {
	if o.Pass == backend.Backward {
		dy, y, dx := t[0], t[1], t[2]
		for i := range dx.V {
			if inside := y.V[i] > 0 && y.V[i] < 6; inside {
				dx.V[i] = dy.V[i]
			} else {
				dx.V[i] = 0
			}
		}
		return
	}
	x, y := t[0], t[1]
	for i := range y.V {
		y.V[i] = math.Min(math.Max(x.V[i], 0), 6) // NaN stays NaN
	}
}
