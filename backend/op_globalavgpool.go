package backend

import "fmt"

// GlobalAvgPool takes the mean of every channel over height and width.
//
//	Forward, Infer  x [N,H,W,C]  -> y [N,1,1,C] = sum over h,w of x / (H*W)
//	Backward        dy [N,1,1,C] -> dx [N,H,W,C] = dy / (H*W)
type GlobalAvgPool struct {
	Pass       Pass
	DType      DType
	Layout     Layout
	N, H, W, C int
}

// In returns the Desc of x and dx.
func (o GlobalAvgPool) In() Desc { return Desc{o.DType, o.Layout, o.N, o.H, o.W, o.C} }

// Out returns the Desc of y and dy.
func (o GlobalAvgPool) Out() Desc { return Desc{o.DType, o.Layout, o.N, 1, 1, o.C} }

// Check implements Op.
func (o GlobalAvgPool) Check() error {
	return firstError(checkPass(o.Pass, Forward, Infer, Backward), checkFloat(o.DType), o.In().Check())
}

// Operands implements Op.
func (o GlobalAvgPool) Operands() []Operand {
	if o.Pass == Backward {
		return []Operand{
			{Name: "dy", Doc: "gradient of y", Desc: o.Out(), Role: In},
			{Name: "dx", Doc: "gradient of x", Desc: o.In(), Role: Out}}
	}
	return []Operand{
		{Name: "x", Doc: "input", Desc: o.In(), Role: In},
		{Name: "y", Doc: "means", Desc: o.Out(), Role: Out}}
}

// String implements Op.
func (o GlobalAvgPool) String() string {
	return fmt.Sprintf("GlobalAvgPool(%v n=%d %dx%d %d %v %v)", o.Pass, o.N, o.H, o.W, o.C, o.DType, o.Layout)
}

func (GlobalAvgPool) op() {}

// GlobalAvgPoolArgs are the tensors of a [GlobalAvgPool]: X and Y forward, DY and DX backward.
type GlobalAvgPoolArgs struct{ X, DY, Y, DX Tensor }

// Bind implements Args.
func (a *GlobalAvgPoolArgs) Bind(dst []Tensor) []Tensor { return appendSet(dst, a.X, a.DY, a.Y, a.DX) }
