package backend

import "fmt"

// DropPath zeroes whole images where the mask is 0 and scales the others: y[n] = x[n]*mask[n]/(1-Rate). On the branch of a residual block it is stochastic
// depth (Huang et al. 2016). The mask holds 0 or 1 and comes from the host, so that it is the same on every device. The gradient is the same operation on dy.
//
//	x, mask (u8, Vec(N)) -> y
type DropPath struct {
	DType      DType
	Layout     Layout
	N, H, W, C int
	Rate       float32
}

// In returns the Desc of x and y.
func (o DropPath) In() Desc { return Desc{o.DType, o.Layout, o.N, o.H, o.W, o.C} }

// Check implements Op.
func (o DropPath) Check() error {
	if !(o.Rate > 0 && o.Rate < 1) {
		return fmt.Errorf("drop rate Rate = %g: want more than 0 and less than 1", o.Rate)
	}
	return firstError(checkFloat(o.DType), o.In().Check())
}

// Operands implements Op.
func (o DropPath) Operands() []Operand {
	return []Operand{
		{Name: "x", Doc: "input", Desc: o.In(), Role: In},
		{Name: "mask", Doc: "1 keeps, 0 drops an image", Desc: Vec(U8, o.N), Role: In},
		{Name: "y", Doc: "output", Desc: o.In(), Role: Out, InPlace: "x"}}
}

// String implements Op.
func (o DropPath) String() string {
	return fmt.Sprintf("DropPath(n=%d %dx%d %d rate=%g %v %v)", o.N, o.H, o.W, o.C, o.Rate, o.DType, o.Layout)
}

func (DropPath) op() {}

// DropPathArgs are the tensors of a [DropPath].
type DropPathArgs struct{ X, Mask, Y Tensor }

// Bind implements Args.
func (a *DropPathArgs) Bind(dst []Tensor) []Tensor { return appendSet(dst, a.X, a.Mask, a.Y) }
