package cpu

import (
	"math"

	"mnv2/backend"
)

// guard decides whether a step counts; see [backend.Guard]. It looks at a few numbers, so that one goroutine does it.
type guard struct {
	*env
	op backend.Guard
}

func newGuard(o backend.Guard, e *env) (program, string) { return &guard{env: e, op: o}, "" }

func (g *guard) workspace() int64 { return 0 }

func (g *guard) run() error {
	last := len(g.operands) - 1
	plan, hyper, state := g.f32(last-2), g.f32(last-1), g.f32(last)
	squares := float32(0)
	if g.op.Clip > 0 {
		squares = g.f32(2)[0]
	}
	if g.f32(0)[0] == 0 || !isFinite(g.f32(1)[0]) || !isFinite(squares) {
		copy(hyper, plan[len(hyper):])
		g.skip(state)
		return nil
	}
	copy(hyper, plan)
	factor := g.factor(state, squares)
	for r := range g.op.Scaled {
		hyper[r*backend.HyperRoom+backend.HyperGradScale] *= factor
	}
	g.count(state)
	return nil
}

// factor undoes the loss scale, and brings a gradient that is longer than the limit down to it.
func (g *guard) factor(state []float32, squares float32) float32 {
	scale := state[backend.GuardScale]
	if g.op.Clip == 0 {
		return 1 / scale
	}
	norm := root(squares) / scale
	state[backend.GuardNorm] = norm
	return g.op.Clip / max(norm, g.op.Clip) / scale
}

func (g *guard) skip(state []float32) {
	state[backend.GuardGood] = 0
	state[backend.GuardSkipped]++
	state[backend.GuardRun]++
	if g.op.Window > 0 {
		state[backend.GuardScale] = max(state[backend.GuardScale]/2, backend.MinLossScale)
	}
}

func (g *guard) count(state []float32) {
	state[backend.GuardRun] = 0
	state[backend.GuardGood]++
	if g.op.Window > 0 && state[backend.GuardGood] == float32(g.op.Window) {
		state[backend.GuardGood] = 0
		state[backend.GuardScale] = min(2*state[backend.GuardScale], backend.MaxLossScale)
	}
}

func isFinite(v float32) bool { return math.Float32bits(v)&0x7f800000 != 0x7f800000 }
