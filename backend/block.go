package backend

import "slices"

// Block is a fused operation with one input x, one output y and parameters between them: [ConvBNAct],
// [InvertedResidual], [Head], and a [Chain] of blocks, which is a block itself.
//
// Blocks come in pairs that share a private Saved region: Forward with Backward in training, Prepare with Infer in
// inference. [CompilePair] compiles both, natively or composed, never mixed. All blocks bind the same way:
//
//	Prepare   params
//	Infer     x, params                          -> y
//	Forward   x, (mask), params                  -> y       (moving statistics are in and out)
//	Backward  x, dy, (mask), params, (y)         -> (dx), gradients of the trainable params, in order
//
// mask is there if DropMask says so; y is read by Backward if ReadsOutput says so; dx is there if the block was made with
// the gradient of its input. Prepare must run again whenever parameters changed; until then Infer may use copies.
type Block interface {
	Op
	Composer
	// In returns the Desc of x, Out that of y.
	In() Desc
	Out() Desc
	// Params lists the parameters in binding order.
	Params() []Param
	// DropMask returns the Desc of the dropout mask that Forward and Backward take, and whether there is one.
	DropMask() (Desc, bool)
	// ReadsOutput reports whether Backward reads y.
	ReadsOutput() bool
	// WithPass returns the same block in another pass. inputGrad asks Backward for dx.
	WithPass(p Pass, inputGrad bool) Block
}

// Param is one parameter tensor of a block. A gradient has the same shape in float32.
type Param struct {
	Name      string // "w", "expand.gamma", "03.project.runvar"
	Desc      Desc
	Trainable bool // false for the moving statistics of batch norm
}

// BlockArgs are the tensors of any [Block]; which ones a pass takes is said there. Params are all of Block.Params, Grads
// one for each trainable one.
type BlockArgs struct {
	X, DY, Mask Tensor
	Params      []Tensor
	Y, DX       Tensor
	Grads       []Tensor
}

// Bind implements Args.
func (a *BlockArgs) Bind(dst []Tensor) []Tensor {
	dst = appendSet(dst, a.X, a.DY, a.Mask)
	dst = append(dst, a.Params...)
	dst = appendSet(dst, a.Y, a.DX)
	return append(dst, a.Grads...)
}

// gradName is the operand name of the gradient of a parameter.
func gradName(param string) string { return "d." + param }

// blockOperands lists the operands of a block in pass p.
func blockOperands(b Block, p Pass, inputGrad bool) []Operand {
	params := paramOperands(b, p)
	if p == Prepare {
		return params
	}
	operands := []Operand{{Name: "x", Doc: "input", Desc: b.In(), Role: In}}
	if p == Backward {
		operands = append(operands, Operand{Name: "dy", Doc: "gradient of y", Desc: b.Out(), Role: In})
	}
	if mask, ok := b.DropMask(); ok && p != Infer {
		operands = append(operands, Operand{Name: "mask", Doc: "dropout mask", Desc: mask, Role: In})
	}
	operands = append(operands, params...)
	if p != Backward {
		return append(operands, Operand{Name: "y", Doc: "output", Desc: b.Out(), Role: Out})
	}
	if b.ReadsOutput() {
		operands = append(operands, Operand{Name: "y", Doc: "output of Forward", Desc: b.Out(), Role: In})
	}
	if inputGrad {
		operands = append(operands, Operand{Name: "dx", Doc: "gradient of x", Desc: b.In(), Role: Out})
	}
	return append(operands, gradOperands(b)...)
}

func paramOperands(b Block, p Pass) []Operand {
	var list []Operand
	for _, param := range b.Params() {
		role := In
		if !param.Trainable && p == Forward {
			role = InOut
		}
		list = append(list, Operand{Name: param.Name, Doc: "parameter", Desc: param.Desc, Role: role})
	}
	return list
}

func gradOperands(b Block) []Operand {
	var list []Operand
	for _, param := range b.Params() {
		if param.Trainable {
			list = append(list, Operand{Name: gradName(param.Name), Doc: "gradient", Desc: param.Desc.With(F32, NCHW), Role: Out})
		}
	}
	return list
}

// paramNames returns the operand names of the parameters and of the gradients of the trainable ones.
func paramNames(b Block) (params, grads []string) {
	for _, p := range b.Params() {
		params = append(params, p.Name)
		if p.Trainable {
			grads = append(grads, gradName(p.Name))
		}
	}
	return params, grads
}

// bindNames returns the names of the operands of part, in its pass, where x, y, dx, dy, the mask and its parameters are
// known by the given names to the operation that is being composed. Names of operands that part does not have are ignored.
func bindNames(part Block, p Pass, inputGrad bool, x, y, dx, dy, mask string, params, grads []string) []string {
	names := make([]string, 0, len(params)+len(grads)+4)
	param, grad := 0, 0
	for _, o := range blockOperands(part, p, inputGrad) {
		switch o.Name {
		case "x":
			names = append(names, x)
		case "y":
			names = append(names, y)
		case "dx":
			names = append(names, dx)
		case "dy":
			names = append(names, dy)
		case "mask":
			names = append(names, mask)
		default:
			if param < len(params) {
				names = append(names, params[param])
				param++
			} else {
				names = append(names, grads[grad])
				grad++
			}
		}
	}
	return slices.Clip(names)
}

// blockPasses are the passes a block may be in.
func checkBlockPass(p Pass) error { return checkPass(p, Prepare, Infer, Forward, Backward) }
