package model

import (
	"errors"
	"fmt"

	"mnv2/backend"
)

// part is a run of blocks that is trained as one operation: the whole network or, with drop path, what lies between the blocks that have it, and each of these
// alone, whose residual is then added outside.
type part struct {
	block         backend.Block
	first, params int     // its parameters within the network's
	grads         int     // of them trainable
	drop          float32 // rate of a residual branch; 0 for a block that is whole

	forward, backward backend.Plan
	path, add         backend.Plan
	saved             int64 // where its saved memory begins
	y, dy, mask       backend.Tensor
	branch            backend.Tensor // gradient of the branch
}

// parts cuts the network for steps. rate is that of drop path at the end of the network: block i of n has rate*i/n, as in timm.
func (a *Arch) parts(chain backend.Chain, rate float64) ([]*part, error) {
	var list []*part
	var open []backend.Block
	first := 0
	add := func(p *part) {
		p.first, p.params = first, len(p.block.Params())
		for _, q := range p.block.Params() {
			if q.Trainable {
				p.grads++
			}
		}
		first += p.params
		list = append(list, p)
	}
	flush := func() error {
		if len(open) == 0 {
			return nil
		}
		c, err := backend.NewChain(backend.Forward, len(list) > 0, open...)
		open = nil
		add(&part{block: c})
		return err
	}
	for i, block := range chain.Blocks[:chain.Len] {
		residual, ok := block.(backend.InvertedResidual)
		at := rate * float64(i-1) / float64(len(a.blocks)) // the stem stands before
		if !ok || !residual.Residual || at == 0 {
			open = append(open, block)
			continue
		}
		if err := flush(); err != nil {
			return nil, err
		}
		residual.Residual = false
		add(&part{block: residual, drop: float32(at)})
	}
	return list, flush()
}

// PathRates are the rates of the blocks that have drop path, in order.
func (t *Training) PathRates() []float64 {
	var rates []float64
	for _, p := range t.parts {
		if p.drop > 0 {
			rates = append(rates, float64(p.drop))
		}
	}
	return rates
}

// uploadPaths copies the masks of drop path to the device.
func (t *Training) uploadPaths(masks []byte) error {
	at := 0
	for _, p := range t.parts {
		if p.drop == 0 {
			continue
		}
		n := p.mask.Elements()
		if err := t.state.params.device.Upload(p.mask.Buf, p.mask.Off, masks[at:at+n]); err != nil {
			return err
		}
		at += n
	}
	return nil
}

// compile makes the part ready. inputGrad is false for the first, whose input is pictures.
func (p *part) compile(b backend.Backend, f backend.Fuse, inputGrad bool) (plans []backend.Plan, err error) {
	p.forward, p.backward, err = backend.CompilePair(b, p.block, p.block.WithPass(backend.Backward, inputGrad), f)
	if err != nil {
		return nil, err
	}
	plans = append(plans, p.forward, p.backward)
	if p.drop == 0 {
		return plans, nil
	}
	keep := func(op backend.Op) backend.Plan {
		plan, e := backend.Compile(b, op)
		if e == nil {
			plans = append(plans, plan)
		}
		err = errors.Join(err, e)
		return plan
	}
	y := p.block.Out()
	p.path = keep(backend.DropPath{DType: y.DType, Layout: y.Layout, N: y.N, H: y.H, W: y.W, C: y.C, Rate: p.drop})
	p.add = keep(backend.Add{Desc: y, A: 1, B: 1})
	if err != nil {
		err = fmt.Errorf("drop path needs it: %w", err)
	}
	return plans, err
}

// reserve makes room for what the part gives, forward and backward.
func (p *part) reserve(m *memory) {
	y := p.block.Out()
	p.y, p.dy = m.reserve(y), m.reserve(y)
	if p.drop > 0 {
		p.branch = m.reserve(y)
		p.mask = m.reserve(backend.Vec(backend.U8, y.N))
	}
	p.saved = m.saved
	m.saved += backend.Align(p.forward.Saved())
}

func (p *part) tensors() []*backend.Tensor {
	return []*backend.Tensor{&p.y, &p.dy, &p.branch, &p.mask}
}

// forwardCalls take the part from x to p.y.
func (p *part) forwardCalls(x, mask backend.Tensor, params []backend.Tensor) []call {
	if _, ok := p.block.DropMask(); !ok {
		mask = backend.Tensor{}
	}
	calls := []call{{p.forward, &backend.BlockArgs{X: x, Mask: mask, Params: params[p.first : p.first+p.params], Y: p.y}, p.saved}}
	if p.drop > 0 {
		calls = append(calls, call{plan: p.path, args: &backend.DropPathArgs{X: p.y, Mask: p.mask, Y: p.y}},
			call{plan: p.add, args: &backend.AddArgs{X: x, Y: p.y}})
	}
	return calls
}

// backwardCalls take the gradient of the part from p.dy to dx, which is not set for the first.
func (p *part) backwardCalls(x, dx, mask backend.Tensor, params, grads []backend.Tensor) []call {
	if _, ok := p.block.DropMask(); !ok {
		mask = backend.Tensor{}
	}
	args := &backend.BlockArgs{X: x, DX: dx, DY: p.dy, Mask: mask, Params: params[p.first : p.first+p.params], Grads: grads}
	if p.block.ReadsOutput() {
		args.Y = p.y
	}
	if p.drop == 0 {
		return []call{{p.backward, args, p.saved}}
	}
	args.DY = p.branch
	return []call{
		{plan: p.path, args: &backend.DropPathArgs{X: p.dy, Mask: p.mask, Y: p.branch}},
		{p.backward, args, p.saved},
		{plan: p.add, args: &backend.AddArgs{X: p.dy, Y: dx}}}
}
