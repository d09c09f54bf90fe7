package backend

import "fmt"

// Act is an activation function.
type Act uint8

// The activation functions.
const (
	NoAct Act = iota // y = x
	ReLU6            // y = min(max(x, 0), 6)
)

// String returns the name in lower case.
func (a Act) String() string {
	switch a {
	case NoAct:
		return "linear"
	case ReLU6:
		return "relu6"
	}
	return fmt.Sprintf("act(%d)", uint8(a))
}

func checkAct(a Act) error {
	if a > ReLU6 {
		return fmt.Errorf("Act %v: want linear or relu6", a)
	}
	return nil
}

// Activation applies a function to every element.
//
//	Forward, Infer  x      -> y = min(max(x, 0), 6); NaN stays NaN
//	Backward        y, dy  -> dx = dy where 0 < y < 6, else 0
//
// The gradient at exactly 0 and 6 is 0, as in PyTorch and MindSpore. Backward reads the output, not the input, so that
// Forward may run in place.
type Activation struct {
	Pass       Pass
	Act        Act
	DType      DType
	Layout     Layout
	N, H, W, C int
}

// In returns the Desc of every operand.
func (o Activation) In() Desc { return Desc{o.DType, o.Layout, o.N, o.H, o.W, o.C} }

// Check implements Op.
func (o Activation) Check() error {
	if o.Act != ReLU6 {
		return fmt.Errorf("Act %v: want relu6", o.Act)
	}
	return firstError(checkPass(o.Pass, Forward, Infer, Backward), checkFloat(o.DType), o.In().Check())
}

// Operands implements Op.
func (o Activation) Operands() []Operand {
	if o.Pass == Backward {
		return []Operand{
			{Name: "dy", Doc: "gradient of y", Desc: o.In(), Role: In},
			{Name: "y", Doc: "output of Forward", Desc: o.In(), Role: In},
			{Name: "dx", Doc: "gradient of x", Desc: o.In(), Role: Out, InPlace: "dy"}}
	}
	return []Operand{
		{Name: "x", Doc: "input", Desc: o.In(), Role: In},
		{Name: "y", Doc: "output", Desc: o.In(), Role: Out, InPlace: "x"}}
}

// String implements Op.
func (o Activation) String() string {
	return fmt.Sprintf("Activation(%v %v n=%d %dx%d %d %v %v)", o.Pass, o.Act, o.N, o.H, o.W, o.C, o.DType, o.Layout)
}

func (Activation) op() {}

// ActivationArgs are the tensors of an [Activation]: X and Y forward; DY, Y and DX backward.
type ActivationArgs struct{ X, DY, Y, DX Tensor }

// Bind implements Args.
func (a *ActivationArgs) Bind(dst []Tensor) []Tensor { return appendSet(dst, a.X, a.DY, a.Y, a.DX) }
