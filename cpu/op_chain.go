package cpu

import (
	"fmt"
	"time"

	"mnv2/backend"
	"mnv2/cpu/internal/netplan"
)

// chain runs a whole network for inference as one operation. Prepare folds and packs the parameters into saved memory;
// Infer uses nothing else of them.
type chain struct {
	*env
	plan *netplan.Plan
	net  backend.Chain
}

// newChain returns the fused program of a network in the passes Prepare and Infer, or why it must be composed.
func newChain(o backend.Chain, e *env, d *Device) (program, string) {
	if o.Pass != backend.Prepare && o.Pass != backend.Infer {
		return nil, "only whole networks in inference are fused"
	}
	if reason := needBlocks(o.In()); reason != "" {
		return nil, reason
	}
	net, ok := describeNet(o)
	if !ok {
		return nil, "only stem, inverted residuals, last convolution and head are fused"
	}
	plan, err := netplan.New(net, d.kernels.Set, d.pool)
	if err != nil {
		return nil, err.Error()
	}
	return &chain{env: e, plan: plan, net: o}, ""
}

// describeNet returns the network that the chain is, if it is a MobileNetV2 from image to logits.
func describeNet(o backend.Chain) (netplan.Net, bool) {
	var net netplan.Net
	n := o.Len
	if n < 4 {
		return net, false
	}
	stem, ok1 := o.Blocks[0].(backend.ConvBNAct)
	last, ok2 := o.Blocks[n-2].(backend.ConvBNAct)
	head, ok3 := o.Blocks[n-1].(backend.Head)
	if !ok1 || !ok2 || !ok3 || !isStem(stem) || !isLast(last) {
		return net, false
	}
	net = netplan.Net{N: stem.N, H: stem.H, W: stem.W, C: stem.C, Stem: stem.K, Last: last.K, Classes: head.K}
	for i, b := range o.Blocks[1 : n-2] {
		r, ok := b.(backend.InvertedResidual)
		if !ok || r.Expand == (i == 0) {
			return net, false
		}
		net.Blocks = append(net.Blocks, netplan.Block{E: r.E, K: r.K, Stride: r.Stride, Residual: r.Residual})
	}
	return net, true
}

func isStem(c backend.ConvBNAct) bool {
	return c.R == 3 && c.S == 3 && c.Stride == 2 && c.Pad == 1 && c.Groups == 1 && c.Act == backend.ReLU6
}

func isLast(c backend.ConvBNAct) bool {
	return c.R == 1 && c.S == 1 && c.Stride == 1 && c.Pad == 0 && c.Groups == 1 && c.Act == backend.ReLU6
}

func (c *chain) workspace() int64 {
	if c.net.Pass == backend.Prepare {
		return 0
	}
	return int64(c.plan.ScratchFloats()) * 4
}

// savedBytes implements keeper: the packed parameters.
func (c *chain) savedBytes() int64 { return int64(c.plan.WeightFloats()) * 4 }

func (c *chain) run() error {
	weights := slab[float32](c.saved)
	if c.net.Pass == backend.Prepare {
		params, err := c.bindParams()
		if err != nil {
			return err
		}
		return c.plan.Prepare(params, weights)
	}
	last := len(c.operands) - 1
	return c.plan.Run(c.f32(0), c.f32(last), weights, slab[float32](c.work))
}

// parts implements timedProgram.
func (c *chain) parts() []backend.Part {
	if c.net.Pass != backend.Infer {
		return nil
	}
	var list []backend.Part
	for i, s := range c.plan.Steps() {
		name := "inverted residual"
		switch i {
		case 0:
			name = "stem, " + name
		case len(c.plan.Steps()) - 1:
			name = "head"
		}
		list = append(list, backend.Part{Name: name + " infer", Shape: s.Name, FLOPs: 2 * int64(s.MultiplyAdds) * int64(c.net.In().N)})
	}
	return list
}

// runParts implements timedProgram.
func (c *chain) runParts(took []time.Duration) error {
	last := len(c.operands) - 1
	return c.plan.RunTimed(c.f32(0), c.f32(last), slab[float32](c.saved), slab[float32](c.work), took)
}

// bindParams sorts the operands into convolutions and classifier.
func (c *chain) bindParams() (*netplan.Params, error) {
	at := 0
	next := func() []float32 {
		at++
		return c.f32(at - 1)
	}
	conv := func(eps float32) netplan.Conv {
		return netplan.Conv{W: next(), Gamma: next(), Beta: next(), Mean: next(), Var: next(), Eps: eps}
	}
	var p netplan.Params
	for _, b := range c.net.Blocks[:c.net.Len] {
		switch b := b.(type) {
		case backend.ConvBNAct:
			p.Convs = append(p.Convs, conv(b.Eps))
		case backend.InvertedResidual:
			for range len(b.Params()) / 5 {
				p.Convs = append(p.Convs, conv(b.Eps))
			}
		case backend.Head:
			p.DenseW, p.DenseB = next(), next()
		}
	}
	if at != len(c.operands) {
		return nil, fmt.Errorf("prepare used %d of %d operands", at, len(c.operands))
	}
	return &p, nil
}
