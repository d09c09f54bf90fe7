package ref

import "mnv2/backend"

// dropPath keeps an image, scaled, or drops it.
func dropPath(o backend.DropPath, x, mask, y *Tensor) {
	size := o.H * o.W * o.C
	for i := range y.V {
		if mask.V[i/size] == 0 {
			y.V[i] = 0
		} else {
			y.V[i] = x.V[i] / (1 - float64(o.Rate))
		}
	}
}
