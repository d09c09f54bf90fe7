package ref

import (
	"fmt"

	"mnv2/backend"
)

// Run computes op on operands, which are in the order of op.Operands: it reads the inputs and writes the outputs. An output
// may be the same Tensor as the input it may lie on.
func Run(op backend.Op, operands []*Tensor) error { return RunObserved(op, operands, nil) }

// Observer is called after every primitive that an operation is made of, with copies of its operands from before and its
// operands themselves, whose outputs it may change. It serves to study how rounding errors travel through a fused block.
type Observer func(op backend.Op, before, after []*Tensor)

// RunObserved is [Run] with an observer, which may be nil.
func RunObserved(op backend.Op, operands []*Tensor, after Observer) error {
	if err := check(op, operands); err != nil {
		return fmt.Errorf("ref: %v: %w", op, err)
	}
	r := &runner{after: after}
	if block, ok := op.(backend.Block); ok {
		r.runBlock(block, operands)
	} else {
		r.primitive(op, operands...)
	}
	if r.err != nil {
		return fmt.Errorf("ref: %v: %w", op, r.err)
	}
	return nil
}

func check(op backend.Op, operands []*Tensor) error {
	if err := op.Check(); err != nil {
		return err
	}
	want := op.Operands()
	if len(operands) != len(want) {
		return fmt.Errorf("got %d operands, want %d", len(operands), len(want))
	}
	for i, t := range operands {
		if t == nil || t.Desc != want[i].Desc || len(t.V) != t.Desc.Elements() {
			return fmt.Errorf("operand %q: want a tensor %v", want[i].Name, want[i].Desc)
		}
	}
	return nil
}

// runner runs primitives and keeps the first error.
type runner struct {
	after Observer
	err   error
}

// primitive runs one operation that is not a block.
func (r *runner) primitive(op backend.Op, t ...*Tensor) {
	if r.err != nil {
		return
	}
	var before []*Tensor
	if r.after != nil {
		for _, operand := range t {
			before = append(before, operand.Clone())
		}
	}
	if r.err = dispatch(op, t); r.err == nil && r.after != nil {
		r.after(op, before, t)
	}
}

func dispatch(op backend.Op, t []*Tensor) error {
	switch o := op.(type) {
	case backend.Conv2D:
		conv2D(o, t)
	case backend.BatchNorm:
		batchNorm(o, t)
	case backend.Activation:
		activation(o, t)
	case backend.Add:
		add(o, t[0], t[1])
	case backend.Dropout:
		dropout(o, t[0], t[1], t[2])
	case backend.DropPath:
		dropPath(o, t[0], t[1], t[2])
	case backend.Fill:
		fill(o, t[0])
	case backend.GlobalAvgPool:
		globalAvgPool(o, t[0], t[1])
	case backend.SoftmaxCrossEntropy:
		return softmaxCrossEntropy(o, t)
	case backend.ClassLoss:
		classLoss(o, t)
	case backend.Convert:
		convert(o, t[0], t[1])
	case backend.Guard:
		guard(o, t)
	case backend.Reduce:
		reduce(o, t[0], t[1])
	case backend.Update:
		update(o, t)
	default:
		return fmt.Errorf("no loops for %T: %w", op, backend.ErrUnsupported)
	}
	return nil
}
