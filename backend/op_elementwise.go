package backend

import "fmt"

// Add blends x into y: y = A*x + B*y. It is the residual addition (A = B = 1), gradient accumulation and weight averaging.
// With B = 0 what y held, NaN included, does not matter.
//
//	x -> y (in and out)
type Add struct {
	Desc Desc
	A, B float32
}

// Check implements Op.
func (o Add) Check() error { return firstError(checkFloat(o.Desc.DType), o.Desc.Check()) }

// Operands implements Op.
func (o Add) Operands() []Operand {
	return []Operand{
		{Name: "x", Doc: "what is added", Desc: o.Desc, Role: In},
		{Name: "y", Doc: "what it is added to", Desc: o.Desc, Role: InOut}}
}

// String implements Op.
func (o Add) String() string { return fmt.Sprintf("Add(%g*x + %g*y %v)", o.A, o.B, o.Desc) }

func (Add) op() {}

// AddArgs are the tensors of an [Add].
type AddArgs struct{ X, Y Tensor }

// Bind implements Args.
func (a *AddArgs) Bind(dst []Tensor) []Tensor { return appendSet(dst, a.X, a.Y) }

// Dropout zeroes the elements whose mask is 0 and scales the others: y = x*mask/(1-Rate). The mask holds 0 or 1 and comes
// from the host, so that it is the same on every device. The gradient is the same operation on dy.
//
//	x, mask (u8, Matrix(N, C)) -> y
type Dropout struct {
	DType  DType
	Layout Layout
	N, C   int // of a 1x1 map
	Rate   float32
}

// In returns the Desc of x and y.
func (o Dropout) In() Desc { return Desc{o.DType, o.Layout, o.N, 1, 1, o.C} }

// Check implements Op.
func (o Dropout) Check() error {
	if !(o.Rate > 0 && o.Rate < 1) {
		return fmt.Errorf("drop rate Rate = %g: want more than 0 and less than 1", o.Rate)
	}
	return firstError(checkFloat(o.DType), o.In().Check())
}

// Operands implements Op.
func (o Dropout) Operands() []Operand {
	return []Operand{
		{Name: "x", Doc: "input", Desc: o.In(), Role: In},
		{Name: "mask", Doc: "1 keeps, 0 drops", Desc: Matrix(U8, o.N, o.C), Role: In},
		{Name: "y", Doc: "output", Desc: o.In(), Role: Out, InPlace: "x"}}
}

// String implements Op.
func (o Dropout) String() string {
	return fmt.Sprintf("Dropout(n=%d %d rate=%g %v %v)", o.N, o.C, o.Rate, o.DType, o.Layout)
}

func (Dropout) op() {}

// DropoutArgs are the tensors of a [Dropout].
type DropoutArgs struct{ X, Mask, Y Tensor }

// Bind implements Args.
func (a *DropoutArgs) Bind(dst []Tensor) []Tensor { return appendSet(dst, a.X, a.Mask, a.Y) }

// Fill sets every element, padding lanes excepted, to Value. Padding lanes become zero.
//
//	-> y
type Fill struct {
	Desc  Desc
	Value float32
}

// Check implements Op.
func (o Fill) Check() error { return firstError(checkFloat(o.Desc.DType), o.Desc.Check()) }

// Operands implements Op.
func (o Fill) Operands() []Operand {
	return []Operand{{Name: "y", Doc: "what is filled", Desc: o.Desc, Role: Out}}
}

// String implements Op.
func (o Fill) String() string { return fmt.Sprintf("Fill(%g %v)", o.Value, o.Desc) }

func (Fill) op() {}

// FillArgs are the tensors of a [Fill].
type FillArgs struct{ Y Tensor }

// Bind implements Args.
func (a *FillArgs) Bind(dst []Tensor) []Tensor { return appendSet(dst, a.Y) }
