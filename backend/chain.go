package backend

import (
	"fmt"
	"strings"
)

// MaxChain is the most blocks a [Chain] can hold. MobileNetV2 has 20: stem, 17 inverted residuals, last convolution, head.
const MaxChain = 32

// Chain is blocks one after the other, each taking what the one before it gave: the whole network, or a run of it.
// It is a [Block] whose parameters are those of its blocks, prefixed "00.", "01.", ...
//
// A device that can do better with a whole run than block by block takes the Chain natively; for others it is composed
// block by block, or in the runs that a [ChainSplitter] asks for.
type Chain struct {
	Pass      Pass
	Len       int
	Blocks    [MaxChain]Block
	InputGrad bool // Backward also gives dx
}

// NewChain returns the blocks as one chain in pass p, each put into that pass.
func NewChain(p Pass, inputGrad bool, blocks ...Block) (Chain, error) {
	if len(blocks) == 0 || len(blocks) > MaxChain {
		return Chain{}, fmt.Errorf("chain of %d blocks: want 1 to %d", len(blocks), MaxChain)
	}
	c := Chain{Pass: p, Len: len(blocks), InputGrad: inputGrad}
	for i, b := range blocks {
		c.Blocks[i] = b.WithPass(p, i > 0 || inputGrad)
	}
	return c, c.Check()
}

// In implements Block.
func (o Chain) In() Desc { return o.Blocks[0].In() }

// Out implements Block.
func (o Chain) Out() Desc { return o.Blocks[o.Len-1].Out() }

// Params implements Block.
func (o Chain) Params() []Param {
	var list []Param
	for i, b := range o.Blocks[:o.Len] {
		list = append(list, prefixed(fmt.Sprintf("%02d", i), b)...)
	}
	return list
}

// DropMask implements Block. At most one block of a chain has one.
func (o Chain) DropMask() (Desc, bool) {
	for _, b := range o.Blocks[:o.Len] {
		if d, ok := b.DropMask(); ok {
			return d, true
		}
	}
	return Desc{}, false
}

// ReadsOutput implements Block.
func (o Chain) ReadsOutput() bool { return o.Blocks[o.Len-1].ReadsOutput() }

// WithPass implements Block.
func (o Chain) WithPass(p Pass, inputGrad bool) Block {
	o.Pass, o.InputGrad = p, inputGrad
	for i, b := range o.Blocks[:o.Len] {
		o.Blocks[i] = b.WithPass(p, i > 0 || inputGrad)
	}
	return o
}

// Check implements Op.
func (o Chain) Check() error {
	if err := checkBlockPass(o.Pass); err != nil {
		return err
	}
	if o.Len < 1 || o.Len > MaxChain {
		return fmt.Errorf("length Len = %d: want 1 to %d", o.Len, MaxChain)
	}
	masks := 0
	for i, b := range o.Blocks[:o.Len] {
		if b == nil {
			return fmt.Errorf("block %d is missing", i)
		}
		if err := b.Check(); err != nil {
			return fmt.Errorf("block %d: %w", i, err)
		}
		if b != b.WithPass(o.Pass, i > 0 || o.InputGrad) {
			return fmt.Errorf("block %d is in another pass than the chain", i)
		}
		if i > 0 && o.Blocks[i-1].Out() != b.In() {
			return fmt.Errorf("block %d takes %v, block %d gives %v", i, b.In(), i-1, o.Blocks[i-1].Out())
		}
		if _, ok := b.DropMask(); ok {
			masks++
		}
	}
	if masks > 1 {
		return fmt.Errorf("%d blocks have a dropout mask: want one at most", masks)
	}
	return nil
}

// Operands implements Op.
func (o Chain) Operands() []Operand { return blockOperands(o, o.Pass, o.InputGrad) }

// String implements Op.
func (o Chain) String() string {
	var names []string
	for _, b := range o.Blocks[:min(max(o.Len, 0), MaxChain)] { // String is also for operations that Check refuses
		names = append(names, fmt.Sprint(b))
	}
	return fmt.Sprintf("Chain(%v %d: %s)", o.Pass, o.Len, strings.Join(names, "; "))
}

func (Chain) op() {}

// Compose implements Composer: block by block.
func (o Chain) Compose() Composition { return o.composeParts(o.Blocks[:o.Len]) }

// ChainSplitter is what a device implements to run stretches of a chain as one operation when it cannot run all of it.
type ChainSplitter interface {
	// SplitChain returns the lengths of the runs that c should be cut into; they add up to c.Len.
	SplitChain(c Chain) []int
}

// composeRuns cuts the chain into runs of the given lengths; a run of one is the block itself.
func (o Chain) composeRuns(lengths []int) (Composition, error) {
	var parts []Block
	at := 0
	for _, n := range lengths {
		if n < 1 || at+n > o.Len {
			return Composition{}, fmt.Errorf("runs %v do not add up to %d blocks", lengths, o.Len)
		}
		if n == 1 {
			parts = append(parts, o.Blocks[at])
		} else {
			run := Chain{Pass: o.Pass, Len: n, InputGrad: at > 0 || o.InputGrad}
			copy(run.Blocks[:], o.Blocks[at:at+n])
			parts = append(parts, run)
		}
		at += n
	}
	if at != o.Len {
		return Composition{}, fmt.Errorf("runs %v do not add up to %d blocks", lengths, o.Len)
	}
	return o.composeParts(parts), nil
}

// composeParts issues the parts one after the other, forward or backward. What runs between two parts is kept in training,
// since Backward reads the input of every part.
func (o Chain) composeParts(parts []Block) Composition {
	c := newComposer(o)
	between := Work
	if o.Pass == Forward || o.Pass == Backward {
		between = Saved
	}
	if o.Pass != Prepare {
		for i, part := range parts[:len(parts)-1] {
			c.value(betweenName(i), part.Out(), between)
		}
	}
	params, grads := o.splitNames(parts)
	if o.Pass == Backward {
		o.composeBackward(c, parts, params, grads)
		return c.c
	}
	for i, part := range parts {
		c.pair(pairKey(i), part,
			bindNames(part, o.Pass, false, o.inputName(i), o.outputName(i, len(parts)), "", "", "mask", params[i], nil)...)
	}
	return c.c
}

func (o Chain) composeBackward(c *composer, parts []Block, params, grads [][]string) {
	dy := "dy"
	for i := len(parts) - 1; i >= 0; i-- {
		dx := "dx"
		if i > 0 {
			dx = "grad of " + betweenName(i-1)
			c.value(dx, parts[i].In(), Work)
		}
		c.pair(pairKey(i), parts[i], bindNames(parts[i], Backward, i > 0 || o.InputGrad,
			o.inputName(i), o.outputName(i, len(parts)), dx, dy, "mask", params[i], grads[i])...)
		dy = dx
	}
}

func betweenName(i int) string { return fmt.Sprintf("after part %d", i) }
func pairKey(i int) string     { return fmt.Sprintf("part %d", i) }

func (o Chain) inputName(i int) string {
	if i == 0 {
		return "x"
	}
	return betweenName(i - 1)
}

func (o Chain) outputName(i, parts int) string {
	if i == parts-1 {
		return "y"
	}
	return betweenName(i)
}

// splitNames deals the chain's parameter and gradient names out to the parts, in order.
func (o Chain) splitNames(parts []Block) (params, grads [][]string) {
	allParams, allGrads := paramNames(o)
	for _, part := range parts {
		p, g := paramNames(part)
		params, allParams = append(params, allParams[:len(p)]), allParams[len(p):]
		grads, allGrads = append(grads, allGrads[:len(g)]), allGrads[len(g):]
	}
	return params, grads
}
