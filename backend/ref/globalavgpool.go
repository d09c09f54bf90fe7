package ref

import "mnv2/backend"

// globalAvgPool is the mean of every channel over height and width; backward spreads the gradient evenly.
func globalAvgPool(o backend.GlobalAvgPool, in, out *Tensor) {
	x, y := Tensor{Desc: o.In()}, Tensor{Desc: o.Out()}
	area := float64(o.H * o.W)
	clear(out.V)
	for n := range o.N {
		for h := range o.H {
			for w := range o.W {
				for c := range o.C {
					xi, yi := x.At(n, h, w, c), y.At(n, 0, 0, c)
					if o.Pass == backend.Backward {
						out.V[xi] = in.V[yi] / area
					} else {
						out.V[yi] += in.V[xi] / area
					}
				}
			}
		}
	}
}
