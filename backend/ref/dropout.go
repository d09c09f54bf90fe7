package ref

import "mnv2/backend"

// dropout is y = x/(1-Rate) where the mask is 1, and 0 where it is 0.
func dropout(o backend.Dropout, x, mask, y *Tensor) {
	for i := range y.V {
		if mask.V[i] == 0 {
			y.V[i] = 0
		} else {
			y.V[i] = x.V[i] / (1 - float64(o.Rate))
		}
	}
}
