package ref

import (
	"math"

	"mnv2/backend"
)

// guard picks the numbers of a step that counts or of one that does not, and keeps the loss scale.
func guard(o backend.Guard, t []*Tensor) {
	squares := 0.0
	if o.Clip > 0 {
		squares = t[2].V[0]
	}
	plan, hyper, state := t[len(t)-3].V, t[len(t)-2].V, t[len(t)-1].V
	ok := t[0].V[0] != 0 && isFinite(t[1].V[0]) && isFinite(squares)
	rows, scale := o.Rows*backend.HyperRoom, state[backend.GuardScale]
	if !ok {
		copy(hyper, plan[rows:])
		state[backend.GuardGood] = 0
		state[backend.GuardSkipped]++
		state[backend.GuardRun]++
		if o.Window > 0 {
			state[backend.GuardScale] = math.Max(scale/2, backend.MinLossScale)
		}
		return
	}
	copy(hyper, plan[:rows])
	factor := 1 / scale
	if o.Clip > 0 {
		norm := math.Sqrt(squares) / scale
		factor *= float64(o.Clip) / math.Max(norm, float64(o.Clip))
		state[backend.GuardNorm] = norm
	}
	for r := range o.Scaled {
		hyper[r*backend.HyperRoom+backend.HyperGradScale] *= factor
	}
	state[backend.GuardRun] = 0
	state[backend.GuardGood]++
	if o.Window > 0 && state[backend.GuardGood] == float64(o.Window) {
		state[backend.GuardGood] = 0
		state[backend.GuardScale] = math.Min(2*scale, backend.MaxLossScale)
	}
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
