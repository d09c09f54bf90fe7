package cpu

import "mnv2/backend"

// add is y = A*x + B*y over all numbers of a tensor. With B = 0 it leaves out what y held, which may be NaN.
type add struct {
	*env
	a, b     float32
	elements int
	args     own[elementArgs]
	task     func(chunk, worker int)
}

func newAdd(o backend.Add, e *env) (program, string) {
	p := &add{env: e, a: o.A, b: o.B, elements: o.Desc.Stored(), args: newOwn[elementArgs](e)}
	p.task = p.blend
	return p, needF32(o.Desc.DType)
}

func (p *add) workspace() int64 { return 0 }

func (p *add) run() error {
	p.parallel(flatChunks(p.elements), p.task)
	return nil
}

func (p *add) blend(chunk, worker int) {
	from, to := flatRange(chunk, p.elements)
	args := p.args.of(worker)
	args.A, args.B = p.a, p.b
	kernel := p.train.Blend
	if p.b == 0 {
		kernel = p.train.Scale
	}
	args.run(kernel, p.f32(0)[from:to], p.f32(1)[from:to], nil)
}
