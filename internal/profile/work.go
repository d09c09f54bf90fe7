package profile

import (
	"fmt"

	"mnv2/backend"
)

// flops returns the floating-point operations of op that lie in convolutions and dense layers; a multiply-add is two. A backward
// pass computes two gradients, or one where nobody asks for that of the input.
func flops(op backend.Op) int64 {
	switch o := op.(type) {
	case backend.Conv2D:
		return 2 * o.MACs()
	case backend.ConvBNAct:
		return passes(o.Pass, o.InputGrad) * o.Conv(backend.Infer).MACs() * 2
	case backend.InvertedResidual:
		total := passes(o.Pass, true) * (flops(o.DepthwiseConv(backend.Infer)) + flops(o.ProjectConv(backend.Infer)))
		if o.Expand {
			total += passes(o.Pass, o.InputGrad) * flops(o.ExpandConv(backend.Infer))
		}
		return total
	case backend.Head:
		return passes(o.Pass, true) * flops(o.Dense(backend.Infer))
	}
	return 0
}

// passes is how many times the multiply-adds of the forward pass are done.
func passes(p backend.Pass, inputGrad bool) int64 {
	switch {
	case p == backend.Prepare:
		return 0
	case p == backend.Backward && inputGrad:
		return 2
	}
	return 1
}

// moved returns the bytes of all operands of op, each counted once: the least that must be moved.
func moved(op backend.Op) int64 {
	total := int64(0)
	for _, o := range op.Operands() {
		total += o.Desc.Bytes()
		if o.Role == backend.InOut {
			total += o.Desc.Bytes()
		}
	}
	return total
}

// describe returns what op is called in the table, and its shape.
func describe(op backend.Op) (name, shape string) {
	switch o := op.(type) {
	case backend.Conv2D:
		return fmt.Sprintf("convolution %dx%d %v", o.R, o.S, o.Pass), between(o.In(), o.Out(), o.Stride)
	case backend.ConvBNAct:
		return fmt.Sprintf("convolution %dx%d + norm %v", o.R, o.S, o.Pass), between(o.In(), o.Out(), o.Stride)
	case backend.InvertedResidual:
		return fmt.Sprintf("inverted residual %v", o.Pass), between(o.In(), o.Out(), o.Stride)
	case backend.Head:
		return fmt.Sprintf("head %v", o.Pass), between(o.In(), o.Out(), 1)
	case backend.BatchNorm:
		return fmt.Sprintf("batch norm %v", o.Pass), one(o.H, o.W, o.C)
	case backend.Activation:
		return fmt.Sprintf("%v %v", o.Act, o.Pass), one(o.H, o.W, o.C)
	case backend.GlobalAvgPool:
		return fmt.Sprintf("average pool %v", o.Pass), one(o.H, o.W, o.C)
	case backend.SoftmaxCrossEntropy:
		return fmt.Sprintf("cross-entropy %v", o.Pass), fmt.Sprintf("%d classes", o.C)
	case backend.Update:
		return fmt.Sprintf("update %v", o.Rule), fmt.Sprintf("%d numbers", o.Elements)
	case backend.Dropout:
		return "dropout", one(1, 1, o.C)
	case backend.Convert:
		return "convert images", one(o.From.H, o.From.W, o.From.C)
	}
	return op.String(), ""
}

func between(x, y backend.Desc, stride int) string {
	return fmt.Sprintf("%dx%d %d->%d /%d", x.H, x.W, x.C, y.C, stride)
}

func one(h, w, c int) string { return fmt.Sprintf("%dx%d %d", h, w, c) }
