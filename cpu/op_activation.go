package cpu

import (
	"math"

	"mnv2/backend"
)

// activation is y = min(max(x, 0), 6) and its gradient dx = dy where 0 < y < 6, over all numbers of a tensor. Padding lanes
// stay zero by themselves.
type activation struct {
	*env
	elements int
	task     func(chunk, worker int)
}

func newActivation(o backend.Activation, e *env) (program, string) {
	a := &activation{env: e, elements: o.In().Stored()}
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

func (a *activation) forward(chunk, _ int) {
	from, to := flatRange(chunk, a.elements)
	x, y := a.f32(0)[from:to], a.f32(1)[from:to]
	for i, v := range x {
		y[i] = min(max(v, 0), 6)
	}
}

// sixBits is the float32 six as an integer. Positive floats are in the order of their bits, so that one unsigned
// comparison answers 0 < y < 6, for NaN too. Sign extension makes a mask of it without a branch, which would be guessed
// wrong every other time.
var sixBits = math.Float32bits(6)

func (a *activation) backward(chunk, _ int) {
	from, to := flatRange(chunk, a.elements)
	dy, y, dx := a.f32(0)[from:to], a.f32(1)[from:to], a.f32(2)[from:to]
	y, dx = y[:len(dy)], dx[:len(dy)]
	limit := int64(sixBits) - 1
	for i, g := range dy {
		below := int64(math.Float32bits(y[i])-1) - limit
		dx[i] = math.Float32frombits(math.Float32bits(g) & uint32(below>>63))
	}
}
