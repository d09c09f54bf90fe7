package backend

import "fmt"

// Head turns the last feature map into logits: y = dense(dropout(mean over h,w of x)) with a bias.
// It is a [Block] with the parameters w, OIHW with R = S = 1, and b. Forward and Backward take a mask if DropRate > 0.
type Head struct {
	Pass       Pass
	DType      DType
	Layout     Layout
	N, H, W, C int
	K          int     // classes
	DropRate   float32 // 0 to leave dropout out; never active in Infer
	InputGrad  bool    // Backward also gives dx
}

// Pool returns the pooling inside, in pass p.
func (o Head) Pool(p Pass) GlobalAvgPool {
	return GlobalAvgPool{Pass: p, DType: o.DType, Layout: o.Layout, N: o.N, H: o.H, W: o.W, C: o.C}
}

// Dropout returns the dropout inside. It is there only if DropRate is not 0.
func (o Head) Dropout() Dropout {
	return Dropout{DType: o.DType, Layout: o.Layout, N: o.N, C: o.C, Rate: o.DropRate}
}

// Dense returns the classifier inside, in pass p.
func (o Head) Dense(p Pass) Conv2D {
	return Conv2D{Pass: p, DType: o.DType, Layout: o.Layout, N: o.N, H: 1, W: 1, C: o.C, K: o.K, R: 1, S: 1,
		Stride: 1, Groups: 1, Bias: p != GradInput}
}

// In implements Block.
func (o Head) In() Desc { return o.Pool(Forward).In() }

// Out implements Block.
func (o Head) Out() Desc { return o.Dense(Forward).Out() }

// Params implements Block.
func (o Head) Params() []Param {
	return []Param{{"w", o.Dense(Forward).Weight(), true}, {"b", Vec(F32, o.K), true}}
}

// DropMask implements Block.
func (o Head) DropMask() (Desc, bool) { return Matrix(U8, o.N, o.C), o.DropRate > 0 }

// ReadsOutput implements Block.
func (o Head) ReadsOutput() bool { return false }

// WithPass implements Block.
func (o Head) WithPass(p Pass, inputGrad bool) Block {
	o.Pass, o.InputGrad = p, inputGrad
	return o
}

// Check implements Op.
func (o Head) Check() error {
	if !(o.DropRate >= 0 && o.DropRate < 1) {
		return fmt.Errorf("DropRate = %g: want 0 or more and less than 1", o.DropRate)
	}
	return firstError(checkBlockPass(o.Pass), o.Pool(Forward).Check(), o.Dense(Forward).Check())
}

// Operands implements Op.
func (o Head) Operands() []Operand { return blockOperands(o, o.Pass, o.InputGrad) }

// String implements Op.
func (o Head) String() string {
	return fmt.Sprintf("Head(%v n=%d %dx%d %d->%d drop=%g dx=%t %v %v)",
		o.Pass, o.N, o.H, o.W, o.C, o.K, o.DropRate, o.InputGrad, o.DType, o.Layout)
}

func (Head) op() {}

// Compose implements Composer. Forward keeps d, the input of the dense layer.
func (o Head) Compose() Composition {
	c := newComposer(o)
	features := o.Dense(Forward).In()
	switch o.Pass {
	case Infer:
		c.value("d", features, Work)
		c.run(o.Pool(Infer), "x", "d")
		c.run(o.Dense(Infer), "d", "w", "b", "y")
	case Forward:
		c.value("d", features, Saved)
		c.run(o.Pool(Forward), "x", "d")
		if o.DropRate > 0 {
			c.run(o.Dropout(), "d", "mask", "d")
		}
		c.run(o.Dense(Forward), "d", "w", "b", "y")
	case Backward:
		c.value("d", features, Saved)
		o.composeBackward(c)
	}
	return c.c
}

func (o Head) composeBackward(c *composer) {
	c.run(o.Dense(GradWeight), "d", "dy", "d.w", "d.b")
	if !o.InputGrad {
		return
	}
	c.value("dd", o.Dense(Forward).In(), Work)
	c.run(o.Dense(GradInput), "w", "dy", "dd")
	if o.DropRate > 0 {
		c.run(o.Dropout(), "dd", "mask", "dd")
	}
	c.run(o.Pool(Backward), "dd", "dx")
}
