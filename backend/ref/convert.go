package ref

import "mnv2/backend"

// convert copies, normalising on the way if asked: y = x/Std - Mean/Std, the second quotient rounded to float32.
func convert(o backend.Convert, x, y *Tensor) {
	for i, v := range x.V {
		if o.Normalize {
			c := i % o.From.C
			v = v/float64(o.Std[c]) - float64(o.Mean[c]/o.Std[c])
		}
		y.V[i] = v
	}
}
