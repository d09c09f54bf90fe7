package ref

import "mnv2/backend"

// convBNAct is y = act(bn(conv(x))).
func (r *runner) convBNAct(o backend.ConvBNAct, x *Tensor, params []*Tensor) (*Tensor, gradient) {
	w, gamma, beta, runmean, runvar := params[0], params[1], params[2], params[3], params[4]
	conv := backend.Conv2D{Pass: o.Pass, DType: o.DType, Layout: o.Layout, N: o.N, H: o.H, W: o.W, C: o.C,
		K: o.K, R: o.R, S: o.S, Stride: o.Stride, Pad: o.Pad, Groups: o.Groups}
	z, n, y := New(conv.Out()), New(conv.Out()), New(conv.Out())
	norm := backend.BatchNorm{Pass: o.Pass, DType: o.DType, Layout: o.Layout, N: y.Desc.N, H: y.Desc.H, W: y.Desc.W,
		C: y.Desc.C, Eps: o.Eps, Momentum: o.Momentum}
	act := backend.Activation{Pass: o.Pass, Act: o.Act, DType: o.DType, Layout: o.Layout, N: y.Desc.N, H: y.Desc.H,
		W: y.Desc.W, C: y.Desc.C}
	mean, invstd := New(gamma.Desc), New(gamma.Desc)

	r.primitive(conv, x, w, z)
	if o.Pass == backend.Infer {
		r.primitive(norm, z, gamma, beta, runmean, runvar, n)
	} else {
		r.primitive(norm, z, gamma, beta, runmean, runvar, mean, invstd, n)
	}
	if o.Act == backend.NoAct {
		y = n
	} else {
		r.primitive(act, n, y)
	}
	return y, func(dy *Tensor) (*Tensor, []*Tensor) {
		dn := dy
		if o.Act != backend.NoAct {
			dn = New(y.Desc)
			act.Pass = backend.Backward
			r.primitive(act, dy, y, dn)
		}
		dz, dgamma, dbeta := New(z.Desc), New(gamma.Desc), New(gamma.Desc)
		norm.Pass = backend.Backward
		r.primitive(norm, z, dn, gamma, mean, invstd, dz, dgamma, dbeta)
		dx, dw := r.convGradients(conv, x, w, dz)
		return dx, []*Tensor{dw, dgamma, dbeta}
	}
}

// convGradients returns the gradients of a convolution without bias.
func (r *runner) convGradients(conv backend.Conv2D, x, w, dy *Tensor) (dx, dw *Tensor) {
	dx, dw = New(x.Desc), New(w.Desc.With(backend.F32, backend.NCHW))
	conv.Pass = backend.GradWeight
	r.primitive(conv, x, dy, dw)
	conv.Pass = backend.GradInput
	r.primitive(conv, w, dy, dx)
	return dx, dw
}
