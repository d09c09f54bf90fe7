package backend

import "fmt"

// ConvBNAct is a convolution without bias, batch norm, and an activation: y = act(bn(conv(x))).
// It is a [Block] with the parameters w, gamma, beta, runmean, runvar.
type ConvBNAct struct {
	Pass       Pass
	DType      DType
	Layout     Layout
	N, H, W, C int
	K, R, S    int
	Stride     int
	Pad        int
	Groups     int
	Act        Act
	Eps        float32
	Momentum   float32 // of batch norm, the weight of the new statistic
	InputGrad  bool    // Backward also gives dx
}

// Conv returns the convolution inside, in pass p.
func (o ConvBNAct) Conv(p Pass) Conv2D {
	return Conv2D{Pass: p, DType: o.DType, Layout: o.Layout, N: o.N, H: o.H, W: o.W, C: o.C,
		K: o.K, R: o.R, S: o.S, Stride: o.Stride, Pad: o.Pad, Groups: o.Groups}
}

// Norm returns the batch norm inside, in pass p.
func (o ConvBNAct) Norm(p Pass) BatchNorm {
	y := o.Out()
	return BatchNorm{Pass: p, DType: o.DType, Layout: o.Layout, N: y.N, H: y.H, W: y.W, C: y.C, Eps: o.Eps, Momentum: o.Momentum}
}

// Activation returns the activation inside, in pass p. It is there only if Act is not NoAct.
func (o ConvBNAct) Activation(p Pass) Activation {
	y := o.Out()
	return Activation{Pass: p, Act: o.Act, DType: o.DType, Layout: o.Layout, N: y.N, H: y.H, W: y.W, C: y.C}
}

// In implements Block.
func (o ConvBNAct) In() Desc { return o.Conv(Forward).In() }

// Out implements Block.
func (o ConvBNAct) Out() Desc { return o.Conv(Forward).Out() }

// Params implements Block.
func (o ConvBNAct) Params() []Param {
	vec := Vec(F32, o.K)
	return []Param{
		{"w", o.Conv(Forward).Weight(), true},
		{"gamma", vec, true}, {"beta", vec, true},
		{"runmean", vec, false}, {"runvar", vec, false}}
}

// DropMask implements Block.
func (o ConvBNAct) DropMask() (Desc, bool) { return Desc{}, false }

// ReadsOutput implements Block: the gradient of the activation is taken from y.
func (o ConvBNAct) ReadsOutput() bool { return o.Act != NoAct }

// WithPass implements Block.
func (o ConvBNAct) WithPass(p Pass, inputGrad bool) Block {
	o.Pass, o.InputGrad = p, inputGrad
	return o
}

// Check implements Op.
func (o ConvBNAct) Check() error {
	return firstError(checkBlockPass(o.Pass), checkAct(o.Act), o.Conv(Forward).Check(), checkNorm(o.Eps, o.Momentum))
}

// Operands implements Op.
func (o ConvBNAct) Operands() []Operand { return blockOperands(o, o.Pass, o.InputGrad) }

// String implements Op.
func (o ConvBNAct) String() string {
	return fmt.Sprintf("ConvBNAct(%v n=%d %dx%d %d->%d %dx%d s=%d p=%d g=%d %v eps=%g momentum=%g dx=%t %v %v)", o.Pass, o.N, o.H, o.W,
		o.C, o.K, o.R, o.S, o.Stride, o.Pad, o.Groups, o.Act, o.Eps, o.Momentum, o.InputGrad, o.DType, o.Layout)
}

func (ConvBNAct) op() {}

// Compose implements Composer. Forward keeps the convolution's output and the batch statistics; batch norm and activation
// then work in place on y.
func (o ConvBNAct) Compose() Composition {
	c := newComposer(o)
	switch o.Pass {
	case Infer:
		c.run(o.Conv(Infer), "x", "w", "y")
		c.run(o.Norm(Infer), "y", "gamma", "beta", "runmean", "runvar", "y")
		o.composeAct(c, Infer)
	case Forward:
		o.declareSaved(c)
		c.run(o.Conv(Forward), "x", "w", "z")
		c.run(o.Norm(Forward), "z", "gamma", "beta", "runmean", "runvar", "mean", "invstd", "y")
		o.composeAct(c, Forward)
	case Backward:
		o.declareSaved(c)
		o.composeBackward(c)
	}
	return c.c
}

// declareSaved names what Forward keeps: z, the convolution's output, and the statistics of the batch.
func (o ConvBNAct) declareSaved(c *composer) {
	c.value("z", o.Out(), Saved)
	c.value("mean", Vec(F32, o.K), Saved)
	c.value("invstd", Vec(F32, o.K), Saved)
}

func (o ConvBNAct) composeAct(c *composer, p Pass) {
	if o.Act != NoAct {
		c.run(o.Activation(p), "y", "y")
	}
}

func (o ConvBNAct) composeBackward(c *composer) {
	c.value("dz", o.Out(), Work)
	dn := "dy" // gradient of the batch norm's output
	if o.Act != NoAct {
		c.run(o.Activation(Backward), "dy", "y", "dz")
		dn = "dz"
	}
	c.run(o.Norm(Backward), "z", dn, "gamma", "mean", "invstd", "dz", "d.gamma", "d.beta")
	c.run(o.Conv(GradWeight), "x", "dz", "d.w")
	if o.InputGrad {
		c.run(o.Conv(GradInput), "w", "dz", "dx")
	}
}
