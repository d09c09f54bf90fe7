package cpu

import "mnv2/backend"

// add is y = A*x + B*y over all numbers of a tensor.
type add struct {
	*env
	a, b     float32
	elements int
	task     func(chunk, worker int)
}

func newAdd(o backend.Add, e *env) (program, string) {
	p := &add{env: e, a: o.A, b: o.B, elements: o.Desc.Stored()}
	switch {
	case o.B == 0:
		p.task = p.assign
	case o.A == 1 && o.B == 1:
		p.task = p.sum
	default:
		p.task = p.blend
	}
	return p, needF32(o.Desc.DType)
}

func (p *add) workspace() int64 { return 0 }

func (p *add) run() error {
	p.parallel(flatChunks(p.elements), p.task)
	return nil
}

func (p *add) slices(chunk int) (x, y []float32) {
	from, to := flatRange(chunk, p.elements)
	return p.f32(0)[from:to], p.f32(1)[from:to]
}

// assign leaves out what y held, which may be NaN.
func (p *add) assign(chunk, _ int) {
	x, y := p.slices(chunk)
	for i, v := range x {
		y[i] = p.a * v
	}
}

func (p *add) sum(chunk, _ int) {
	x, y := p.slices(chunk)
	for i, v := range x {
		y[i] += v
	}
}

func (p *add) blend(chunk, _ int) {
	x, y := p.slices(chunk)
	a, b := p.a, p.b
	for i, v := range x {
		y[i] = a*v + b*y[i]
	}
}
