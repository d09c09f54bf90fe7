package ref

import "mnv2/backend"

// invertedResidual is expand (if any), depthwise, project, and x added if Residual.
func (r *runner) invertedResidual(o backend.InvertedResidual, x *Tensor, params []*Tensor) (*Tensor, gradient) {
	part := backend.ConvBNAct{Pass: o.Pass, DType: o.DType, Layout: o.Layout, N: o.N, H: o.H, W: o.W, R: 1, S: 1,
		Stride: 1, Groups: 1, Eps: o.Eps, Momentum: o.Momentum}
	var parts []backend.Block
	if o.Expand {
		expand := part
		expand.C, expand.K, expand.Act = o.C, o.E, backend.ReLU6
		parts = append(parts, expand)
	}
	depthwise := part
	depthwise.C, depthwise.K, depthwise.Groups, depthwise.Act = o.E, o.E, o.E, backend.ReLU6
	depthwise.R, depthwise.S, depthwise.Pad, depthwise.Stride = 3, 3, 1, o.Stride
	project := part
	project.H, project.W = (o.H-1)/o.Stride+1, (o.W-1)/o.Stride+1
	project.C, project.K, project.Act = o.E, o.K, backend.NoAct

	y, back := r.sequence(append(parts, depthwise, project), x, nil, params)
	if !o.Residual {
		return y, back
	}
	sum := backend.Add{Desc: y.Desc, A: 1, B: 1}
	r.primitive(sum, x, y)
	return y, func(dy *Tensor) (*Tensor, []*Tensor) {
		dx, grads := back(dy)
		r.primitive(sum, dy, dx)
		return dx, grads
	}
}
