package ref

import (
	"fmt"
	"slices"

	"mnv2/backend"
)

// gradient takes the gradient of a block's output and returns those of its input and of its trainable parameters, in order.
type gradient func(dy *Tensor) (dx *Tensor, grads []*Tensor)

// runBlock computes one pass of a block. Prepare writes nothing that anyone can see. Backward computes the forward pass
// again, with the statistics of the batch, and leaves the moving ones alone.
func (r *runner) runBlock(b backend.Block, operands []*Tensor) {
	t := nameOperands(b, operands)
	switch {
	case t["x"] == nil: // Prepare
	case t["dy"] == nil:
		y, _ := r.block(b, t["x"], t["mask"], t.params(b))
		copy(t["y"].V, y.V)
	default:
		params := t.params(b)
		for i, p := range params {
			params[i] = p.Clone()
		}
		_, back := r.block(b.WithPass(backend.Forward, true), t["x"], t["mask"], params)
		dx, grads := back(t["dy"])
		t.keepGradients(b, dx, grads)
	}
}

// namedTensors are the operands of a block by name.
type namedTensors map[string]*Tensor

func nameOperands(b backend.Block, operands []*Tensor) namedTensors {
	t := namedTensors{}
	for i, o := range b.Operands() {
		t[o.Name] = operands[i]
	}
	return t
}

func (t namedTensors) params(b backend.Block) []*Tensor {
	var list []*Tensor
	for _, p := range b.Params() {
		list = append(list, t[p.Name])
	}
	return list
}

// keepGradients copies the gradients to where the caller wants them; nobody may want dx.
func (t namedTensors) keepGradients(b backend.Block, dx *Tensor, grads []*Tensor) {
	if t["dx"] != nil {
		copy(t["dx"].V, dx.V)
	}
	next := 0
	for _, p := range b.Params() {
		if p.Trainable {
			copy(t["d."+p.Name].V, grads[next].V)
			next++
		}
	}
}

// block computes y, in training (Forward) or inference, and returns how to take the gradient.
func (r *runner) block(b backend.Block, x, mask *Tensor, params []*Tensor) (*Tensor, gradient) {
	switch o := b.(type) {
	case backend.ConvBNAct:
		return r.convBNAct(o, x, params)
	case backend.InvertedResidual:
		return r.invertedResidual(o, x, params)
	case backend.Head:
		return r.head(o, x, mask, params)
	case backend.Chain:
		return r.chain(o, x, mask, params)
	}
	r.err = fmt.Errorf("no loops for %T: %w", b, backend.ErrUnsupported)
	return New(b.Out()), func(*Tensor) (*Tensor, []*Tensor) { return nil, nil }
}

// sequence computes blocks one after the other, each taking its share of the parameters.
func (r *runner) sequence(blocks []backend.Block, x, mask *Tensor, params []*Tensor) (*Tensor, gradient) {
	var backs []gradient
	for _, b := range blocks {
		n := len(b.Params())
		y, back := r.block(b, x, mask, params[:n])
		x, params, backs = y, params[n:], append(backs, back)
	}
	return x, func(dy *Tensor) (*Tensor, []*Tensor) {
		var all []*Tensor
		for _, back := range slices.Backward(backs) {
			dx, grads := back(dy)
			dy, all = dx, append(slices.Clone(grads), all...)
		}
		return dy, all
	}
}
