package backend

import "fmt"

// Reduction is what a [Reduce] makes of many numbers.
type Reduction uint8

// The reductions.
const (
	Sum        Reduction = iota + 1 // sum of x
	SumSquares                      // sum of x*x
	AllFinite                       // 1 if no element is NaN or infinite, else 0
)

// String returns the name.
func (r Reduction) String() string {
	switch r {
	case Sum:
		return "sum"
	case SumSquares:
		return "sum-squares"
	case AllFinite:
		return "all-finite"
	}
	return fmt.Sprintf("reduction(%d)", uint8(r))
}

// Reduce makes one float32 of all elements of x, in an order that depends on nothing but the size.
//
//	x -> y, Vec(F32, 1)
type Reduce struct {
	Kind Reduction
	Desc Desc
}

// Check implements Op.
func (o Reduce) Check() error {
	if o.Kind < Sum || o.Kind > AllFinite {
		return fmt.Errorf("reduction Kind %v: want sum, sum-squares or all-finite", o.Kind)
	}
	return firstError(checkFloat(o.Desc.DType), o.Desc.Check())
}

// Operands implements Op.
func (o Reduce) Operands() []Operand {
	return []Operand{
		{Name: "x", Doc: "what is reduced", Desc: o.Desc, Role: In},
		{Name: "y", Doc: "the result", Desc: Vec(F32, 1), Role: Out}}
}

// String implements Op.
func (o Reduce) String() string { return fmt.Sprintf("Reduce(%v %v)", o.Kind, o.Desc) }

func (Reduce) op() {}

// ReduceArgs are the tensors of a [Reduce].
type ReduceArgs struct{ X, Y Tensor }

// Bind implements Args.
func (a *ReduceArgs) Bind(dst []Tensor) []Tensor { return appendSet(dst, a.X, a.Y) }
