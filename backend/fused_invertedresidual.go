package backend

import "fmt"

// InvertedResidual is the block of MobileNetV2 (Sandler et al. 2018, section 3.3):
//
//	a = relu6(bn(conv1x1(x)))        C -> E channels; absent if Expand is false, then a = x and E = C
//	b = relu6(bn(depthwise3x3(a)))   stride Stride
//	y = bn(conv1x1(b))               E -> K channels, no activation
//	y = y + x                        if Residual
//
// It is a [Block] with the parameters of its two or three ConvBNAct, prefixed "expand.", "depthwise.", "project.".
type InvertedResidual struct {
	Pass       Pass
	DType      DType
	Layout     Layout
	N, H, W, C int
	E, K       int
	Expand     bool
	Stride     int
	Residual   bool
	Eps        float32
	Momentum   float32
	InputGrad  bool // Backward also gives dx
}

// part is one ConvBNAct of the block and the name of its parameters' prefix.
type part struct {
	name string
	op   ConvBNAct
}

// ExpandConv returns the first pointwise convolution in pass p. It is there only if Expand is set.
func (o InvertedResidual) ExpandConv(p Pass) ConvBNAct {
	return ConvBNAct{Pass: p, DType: o.DType, Layout: o.Layout, N: o.N, H: o.H, W: o.W, C: o.C, K: o.E, R: 1, S: 1,
		Stride: 1, Groups: 1, Act: ReLU6, Eps: o.Eps, Momentum: o.Momentum, InputGrad: o.InputGrad}
}

// DepthwiseConv returns the depthwise convolution in pass p.
func (o InvertedResidual) DepthwiseConv(p Pass) ConvBNAct {
	return ConvBNAct{Pass: p, DType: o.DType, Layout: o.Layout, N: o.N, H: o.H, W: o.W, C: o.E, K: o.E, R: 3, S: 3,
		Stride: o.Stride, Pad: 1, Groups: o.E, Act: ReLU6, Eps: o.Eps, Momentum: o.Momentum, InputGrad: o.Expand || o.InputGrad}
}

// ProjectConv returns the last pointwise convolution in pass p.
func (o InvertedResidual) ProjectConv(p Pass) ConvBNAct {
	y := o.DepthwiseConv(p).Out()
	return ConvBNAct{Pass: p, DType: o.DType, Layout: o.Layout, N: y.N, H: y.H, W: y.W, C: o.E, K: o.K, R: 1, S: 1,
		Stride: 1, Groups: 1, Act: NoAct, Eps: o.Eps, Momentum: o.Momentum, InputGrad: true}
}

func (o InvertedResidual) parts(p Pass) []part {
	list := []part{{"depthwise", o.DepthwiseConv(p)}, {"project", o.ProjectConv(p)}}
	if !o.Expand {
		return list
	}
	return append([]part{{"expand", o.ExpandConv(p)}}, list...)
}

// In implements Block.
func (o InvertedResidual) In() Desc { return Desc{o.DType, o.Layout, o.N, o.H, o.W, o.C} }

// Out implements Block.
func (o InvertedResidual) Out() Desc { return o.ProjectConv(Forward).Out() }

// Params implements Block.
func (o InvertedResidual) Params() []Param {
	var list []Param
	for _, part := range o.parts(Forward) {
		list = append(list, prefixed(part.name, part.op)...)
	}
	return list
}

// prefixed returns the parameters of b with "prefix." before their names.
func prefixed(prefix string, b Block) []Param {
	params := b.Params()
	for i := range params {
		params[i].Name = prefix + "." + params[i].Name
	}
	return params
}

// DropMask implements Block.
func (o InvertedResidual) DropMask() (Desc, bool) { return Desc{}, false }

// ReadsOutput implements Block: the block ends without an activation.
func (o InvertedResidual) ReadsOutput() bool { return false }

// WithPass implements Block.
func (o InvertedResidual) WithPass(p Pass, inputGrad bool) Block {
	o.Pass, o.InputGrad = p, inputGrad
	return o
}

// Check implements Op.
func (o InvertedResidual) Check() error {
	if err := firstError(checkBlockPass(o.Pass), checkNorm(o.Eps, o.Momentum),
		checkSizes([]size{{"E", o.E}, {"K", o.K}, {"Stride", o.Stride}}), o.In().Check()); err != nil {
		return err
	}
	if !o.Expand && o.E != o.C {
		return fmt.Errorf("expanded channels E = %d: want C = %d when Expand is false", o.E, o.C)
	}
	if o.Residual && (o.Stride != 1 || o.C != o.K) {
		return fmt.Errorf("field Residual: want Stride 1 (is %d) and K = C (is %d and %d)", o.Stride, o.K, o.C)
	}
	return firstError(o.DepthwiseConv(Forward).Check(), o.ProjectConv(Forward).Check())
}

// Operands implements Op.
func (o InvertedResidual) Operands() []Operand { return blockOperands(o, o.Pass, o.InputGrad) }

// String implements Op.
func (o InvertedResidual) String() string {
	return fmt.Sprintf("InvertedResidual(%v n=%d %dx%d %d->%d->%d expand=%t s=%d residual=%t eps=%g momentum=%g dx=%t %v %v)",
		o.Pass, o.N, o.H, o.W, o.C, o.E, o.K, o.Expand, o.Stride, o.Residual, o.Eps, o.Momentum, o.InputGrad, o.DType, o.Layout)
}

func (InvertedResidual) op() {}

// Compose implements Composer. The outputs of the first two convolutions, a and b, are kept in training.
func (o InvertedResidual) Compose() Composition {
	c := newComposer(o)
	place := Work
	if o.Pass == Forward || o.Pass == Backward {
		place = Saved
	}
	if o.Pass != Prepare {
		if o.Expand {
			c.value("a", o.ExpandConv(Forward).Out(), place)
		}
		c.value("b", o.DepthwiseConv(Forward).Out(), place)
	}
	if o.Pass == Backward {
		o.composeBackward(c)
	} else {
		o.composeForward(c)
	}
	return c.c
}

// composeForward issues the parts in order: x -> a -> b -> y.
func (o InvertedResidual) composeForward(c *composer) {
	x := "x"
	for i, part := range o.parts(o.Pass) {
		y := o.outputName(i)
		params, _ := o.partNames(part)
		c.pair(part.name, part.op, bindNames(part.op, o.Pass, false, x, y, "", "", "", params, nil)...)
		x = y
	}
	if o.Residual && o.Pass != Prepare {
		c.run(Add{Desc: o.Out(), A: 1, B: 1}, "x", "y")
	}
}

// composeBackward issues the parts from last to first: dy -> db -> da -> dx.
func (o InvertedResidual) composeBackward(c *composer) {
	parts := o.parts(Backward)
	dy := "dy"
	for i := len(parts) - 1; i >= 0; i-- {
		part, x, dx := parts[i], "x", "dx"
		if i > 0 {
			x = o.outputName(i - 1)
			dx = "grad of " + x
			c.value(dx, part.op.In(), Work)
		}
		params, grads := o.partNames(part)
		c.pair(part.name, part.op,
			bindNames(part.op, Backward, part.op.InputGrad, x, o.outputName(i), dx, dy, "", params, grads)...)
		dy = dx
	}
	if o.Residual && o.InputGrad {
		c.run(Add{Desc: o.In(), A: 1, B: 1}, "dy", "dx")
	}
}

// outputName is the value that part number i writes.
func (o InvertedResidual) outputName(i int) string {
	if o.Expand {
		return [...]string{"a", "b", "y"}[i]
	}
	return [...]string{"b", "y"}[i]
}

func (o InvertedResidual) partNames(p part) (params, grads []string) {
	for _, param := range prefixed(p.name, p.op) {
		params = append(params, param.Name)
		if param.Trainable {
			grads = append(grads, gradName(param.Name))
		}
	}
	return params, grads
}
