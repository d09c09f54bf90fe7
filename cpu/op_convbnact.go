package cpu

import "mnv2/backend"

// convNorm is a convolution with batch norm and activation, in training. The activation is part of the loops of batch norm:
// forward they clamp what they write, backward they recompute from the convolution's output z which gradients pass.
type convNorm struct {
	*env
	op                backend.ConvBNAct
	norm              *norm
	normEnv           *env
	conv, input       *inner // the convolution, or its two gradients
	z, dz             section[vec]
	mean, invStd      section[float32]
	savedSize, inside int64 // inside is where the scratch of the parts begins
	size              int64
}

// inner is a program inside another one.
type inner struct {
	*env
	program
}

func newInner(o backend.Conv2D, e *env) (*inner, string) {
	part := &inner{env: e.within(len(o.Operands()))}
	program, reason := newConv2D(o, part.env)
	part.program = program
	return part, reason
}

// within returns an env for a part of an operation.
func (e *env) within(operands int) *env {
	return &env{kernelSet: e.kernelSet, pool: e.pool, operands: make([][]byte, operands)}
}

// runOn runs the part on operands and scratch.
func (p *inner) runOn(work []byte, operands ...[]byte) error {
	copy(p.operands, operands)
	p.work = work
	defer p.env.release()
	return p.program.run()
}

func newConvNorm(o backend.ConvBNAct, e *env) (program, string) {
	if o.Pass != backend.Forward && o.Pass != backend.Backward {
		return nil, "no native plan for this pass"
	}
	c := &convNorm{env: e, op: o, normEnv: e.within(0)}
	reason := needBlocks(o.In())
	if reason != "" {
		return nil, reason
	}
	var saved, inside layout
	pixels := int(o.Out().Bytes() / vecBytes)
	c.z = region[vec](&saved, pixels)
	c.mean, c.invStd = region[float32](&saved, o.K), region[float32](&saved, o.K)
	c.savedSize = saved.size
	c.norm = newNorm(o.Norm(o.Pass), c.normEnv, &inside)
	if o.Act == backend.ReLU6 {
		c.norm.clamp.Low, c.norm.clamp.High, c.norm.masked = 0, 6, 1
	} else if o.Act != backend.NoAct {
		return nil, "no loops for this activation"
	}
	if o.Pass == backend.Forward {
		c.conv, reason = newInner(o.Conv(backend.Forward), e)
		c.size = max(c.conv.workspace(), inside.size)
		return c, reason
	}
	return c, c.prepareBackward(inside.size, pixels)
}

func (c *convNorm) prepareBackward(most int64, pixels int) (reason string) {
	if c.conv, reason = newInner(c.op.Conv(backend.GradWeight), c.env); reason != "" {
		return reason
	}
	most = max(most, c.conv.workspace())
	if c.op.InputGrad {
		if c.input, reason = newInner(c.op.Conv(backend.GradInput), c.env); reason != "" {
			return reason
		}
		most = max(most, c.input.workspace())
	}
	var work layout
	c.dz = region[vec](&work, pixels)
	c.inside = work.size
	c.size = work.size + most
	return ""
}

func (c *convNorm) workspace() int64  { return c.size }
func (c *convNorm) savedBytes() int64 { return c.savedSize }

func (c *convNorm) run() error {
	c.normEnv.work = c.work[c.inside:]
	c.norm.normTensors = normTensors{x: c.z.in(c.saved), mean: c.mean.in(c.saved), invStd: c.invStd.in(c.saved)}
	defer func() {
		c.normEnv.release()
		c.norm.normTensors = normTensors{}
	}()
	if c.op.Pass == backend.Forward {
		return c.forward()
	}
	return c.backward()
}

// forward binds x, w, gamma, beta, runmean, runvar -> y.
func (c *convNorm) forward() error {
	t := &c.norm.normTensors
	t.gamma, t.beta, t.runMean, t.runVar, t.y = c.f32(2), c.f32(3), c.f32(4), c.f32(5), c.vecs(6)
	if err := c.conv.runOn(c.work, c.operands[0], c.operands[1], c.z.bytesIn(c.saved)); err != nil {
		return err
	}
	c.norm.forward()
	return nil
}

// backward binds x, dy, w, gamma, beta, runmean, runvar, (y) -> (dx), gradients of w, gamma and beta.
func (c *convNorm) backward() error {
	t, last := &c.norm.normTensors, len(c.operands)-1
	t.gamma, t.beta, t.dy, t.dx = c.f32(3), c.f32(4), c.vecs(1), c.dz.in(c.work)
	t.gradGamma, t.gradBeta = c.f32(last-1), c.f32(last)
	c.norm.backward()
	work, dz := c.work[c.inside:], c.dz.bytesIn(c.work)
	if err := c.conv.runOn(work, c.operands[0], dz, c.operands[last-2]); err != nil {
		return err
	}
	if c.input == nil {
		return nil
	}
	return c.input.runOn(work, c.operands[2], dz, c.operands[last-3])
}
