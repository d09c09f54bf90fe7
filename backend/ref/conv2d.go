package ref

import "mnv2/backend"

// conv2D is y[n,p,q,k] = b[k] + sum over r,s,c of x[n,h,w,c] * w[k,c,r,s], and its gradients, which sum the same products
// with another of the three in the place of the result.
func conv2D(o backend.Conv2D, t []*Tensor) {
	switch o.Pass {
	case backend.GradInput:
		w, dy, dx := t[0], t[1], t[2]
		clear(dx.V)
		eachTerm(o, func(xi, wi, yi int) { dx.V[xi] += w.V[wi] * dy.V[yi] })
	case backend.GradWeight:
		x, dy, dw := t[0], t[1], t[2]
		clear(dw.V)
		eachTerm(o, func(xi, wi, yi int) { dw.V[wi] += x.V[xi] * dy.V[yi] })
		if o.Bias {
			sumChannels(dy, t[3])
		}
	default:
		x, w, y := t[0], t[1], t[len(t)-1]
		clear(y.V)
		eachTerm(o, func(xi, wi, yi int) { y.V[yi] += x.V[xi] * w.V[wi] })
		if o.Bias {
			addChannels(t[2], y)
		}
	}
}

// eachTerm calls f for every product in the convolution with the places of its factors in x and w and of its sum in y.
func eachTerm(o backend.Conv2D, f func(xi, wi, yi int)) {
	for n := range o.N {
		for p := range o.P() {
			for q := range o.Q() {
				for k := range o.K {
					eachTermOfOne(o, n, p, q, k, f)
				}
			}
		}
	}
}

// eachTermOfOne does so for y[n,p,q,k].
func eachTermOfOne(o backend.Conv2D, n, p, q, k int, f func(xi, wi, yi int)) {
	x, w, y := Tensor{Desc: o.In()}, Tensor{Desc: o.Weight()}, Tensor{Desc: o.Out()}
	perGroup := o.C / o.Groups
	first := k / (o.K / o.Groups) * perGroup // input channel where the group of k begins
	yi := y.At(n, p, q, k)
	for r := range o.R {
		for s := range o.S {
			row, column := p*o.Stride+r-o.Pad, q*o.Stride+s-o.Pad
			if row < 0 || row >= o.H || column < 0 || column >= o.W {
				continue // zero padding
			}
			xi, wi := x.At(n, row, column, first), w.At(k, r, s, 0) // channels follow each other in both
			for c := range perGroup {
				f(xi+c, wi+c, yi)
			}
		}
	}
}

// addChannels adds b[c] to every element of channel c.
func addChannels(b, y *Tensor) {
	for i := range y.V {
		y.V[i] += b.V[i%y.Desc.C]
	}
}

// sumChannels sets sum[c] to the sum over all elements of channel c.
func sumChannels(x, sum *Tensor) {
	clear(sum.V)
	for i, v := range x.V {
		sum.V[i%x.Desc.C] += v
	}
}
