package ref

import "mnv2/backend"

// head is y = dense(dropout(mean over h,w of x)).
func (r *runner) head(o backend.Head, x, mask *Tensor, params []*Tensor) (*Tensor, gradient) {
	w, b := params[0], params[1]
	pool := backend.GlobalAvgPool{Pass: o.Pass, DType: o.DType, Layout: o.Layout, N: o.N, H: o.H, W: o.W, C: o.C}
	drop := backend.Dropout{DType: o.DType, Layout: o.Layout, N: o.N, C: o.C, Rate: o.DropRate}
	dense := backend.Conv2D{Pass: o.Pass, DType: o.DType, Layout: o.Layout, N: o.N, H: 1, W: 1, C: o.C, K: o.K,
		R: 1, S: 1, Stride: 1, Groups: 1, Bias: true}
	drops := o.DropRate > 0 && o.Pass != backend.Infer

	d, y := New(pool.Out()), New(dense.Out())
	r.primitive(pool, x, d)
	if drops {
		r.primitive(drop, d, mask, d)
	}
	r.primitive(dense, d, w, b, y)
	return y, func(dy *Tensor) (*Tensor, []*Tensor) {
		dx, dd, dw, db := New(x.Desc), New(d.Desc), New(w.Desc.With(backend.F32, backend.NCHW)), New(b.Desc)
		dense.Pass = backend.GradWeight
		r.primitive(dense, d, dy, dw, db)
		dense.Pass, dense.Bias = backend.GradInput, false
		r.primitive(dense, w, dy, dd)
		if drops {
			r.primitive(drop, dd, mask, dd)
		}
		pool.Pass = backend.Backward
		r.primitive(pool, dd, dx)
		return dx, []*Tensor{dw, db}
	}
}
