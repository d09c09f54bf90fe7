package backend

import "fmt"

// Rule is an optimizer's update rule.
type Rule uint8

// The rules.
const (
	Momentum Rule = iota + 1 // v = mu*v + g; w = w - lr*v
	Nesterov                 // v = mu*v + g; w = w - lr*(g + mu*v)
)

// String returns the name.
func (r Rule) String() string {
	switch r {
	case Momentum:
		return "momentum"
	case Nesterov:
		return "nesterov"
	}
	return fmt.Sprintf("rule(%d)", uint8(r))
}

// The numbers in the hyper operand of an [Update], by index.
const (
	HyperLR          = iota // learning rate
	HyperWeightDecay        // added to the gradient as WeightDecay*w, before momentum
	HyperMomentum           // mu
	HyperGradScale          // the gradient is multiplied by this first: 1/(loss scale)
	HyperCount
)

// Update takes one optimizer step over a flat range of parameters.
//
//	g = dw*GradScale + WeightDecay*w
//	v = mu*v + g                       v starts at zero
//	w = w - lr*v                       (Momentum)
//	w = w - lr*(g + mu*v)              (Nesterov)
//
// which is PyTorch's SGD with dampening 0. All float32. The hyper-parameters lie on the device, so that a recording can be
// replayed with others.
//
//	dw, hyper -> w (in and out), v (in and out)
type Update struct {
	Rule     Rule
	Elements int
}

// Check implements Op.
func (o Update) Check() error {
	if o.Rule < Momentum || o.Rule > Nesterov {
		return fmt.Errorf("Rule %v: want momentum or nesterov", o.Rule)
	}
	return checkSizes([]size{{"Elements", o.Elements}})
}

// Operands implements Op.
func (o Update) Operands() []Operand {
	flat := Vec(F32, o.Elements)
	return []Operand{
		{Name: "dw", Doc: "gradients", Desc: flat, Role: In},
		{Name: "hyper", Doc: "lr, weight decay, momentum, gradient scale", Desc: Vec(F32, HyperCount), Role: In},
		{Name: "w", Doc: "parameters", Desc: flat, Role: InOut},
		{Name: "v", Doc: "velocity", Desc: flat, Role: InOut}}
}

// String implements Op.
func (o Update) String() string { return fmt.Sprintf("Update(%v %d)", o.Rule, o.Elements) }

func (Update) op() {}

// UpdateArgs are the tensors of an [Update].
type UpdateArgs struct{ DW, Hyper, W, V Tensor }

// Bind implements Args.
func (a *UpdateArgs) Bind(dst []Tensor) []Tensor { return appendSet(dst, a.DW, a.Hyper, a.W, a.V) }
