package cpu

import "mnv2/backend"

// activation is y = min(max(x, 0), 6) and its gradient dx = dy where 0 < y < 6, over all numbers of a tensor. Padding lanes
// stay zero by themselves.
type activation struct {
	*env
	elements int
	args     own[elementArgs]
	task     func(chunk, worker int)
}

func newActivation(o backend.Activation, e *env) (program, string) {
	a := &activation{env: e, elements: o.In().Stored(), args: newOwn[elementArgs](e)}
	a.task = a.forward
	if o.Pass == backend.Backward {
		a.task = a.backward
	}
	return a, needF32(o.DType)
}

func (a *activation) workspace() int64 { return 0 }

func (a *activation) run() error {
	a.parallel(flatChunks(a.elements), a.task)
	return nil
}

func (a *activation) forward(chunk, worker int) {
	from, to := flatRange(chunk, a.elements)
	args := a.args.of(worker)
	args.A, args.B = 0, 6
	args.run(a.train.Clamp, a.f32(0)[from:to], nil, a.f32(1)[from:to])
}

func (a *activation) backward(chunk, worker int) {
	from, to := flatRange(chunk, a.elements)
	args := a.args.of(worker)
	args.A, args.B = 0, 6
	args.run(a.train.Mask, a.f32(0)[from:to], a.f32(1)[from:to], a.f32(2)[from:to])
}
