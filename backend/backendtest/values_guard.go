package backendtest

import (
	"math"
	"math/rand/v2"

	"mnv2/backend"
)

// guardNumbers returns what a Guard is given: a step that counts, or, by the profile, one that does not.
func guardNumbers(rng *rand.Rand, op backend.Guard, operand string, p profile) func(i int) float64 {
	switch operand {
	case "finite":
		if p == skipped || p == smallest {
			return func(int) float64 { return 0 }
		}
		return func(int) float64 { return 1 }
	case "loss":
		if p == lostLoss {
			return func(int) float64 { return math.NaN() }
		}
		return func(int) float64 { return 3.5 }
	case "squares":
		if p == lostSquares {
			return func(int) float64 { return math.Inf(1) }
		}
		return func(int) float64 { return 1e6 * (1 + rng.Float64()) }
	case "state":
		state := []float64{1024, 2, 5, 3, 0.75, 1, 2, 3}
		if p == doubling {
			state[backend.GuardGood] = float64(max(op.Window, 1) - 1)
		}
		if p == smallest {
			state[backend.GuardScale] = backend.MinLossScale
		}
		return func(i int) float64 { return state[i] }
	}
	return func(int) float64 { return rng.NormFloat64() }
}

// skippedNumbers returns what an Update is given that must change nothing: gradients that are not finite, and numbers with which
// every rule leaves weights and state as they are.
func skippedNumbers(rng *rand.Rand, o backend.Operand, others func(i int) float64) func(i int) float64 {
	switch o.Name {
	case "dw":
		return func(i int) float64 {
			return [...]float64{math.NaN(), math.Inf(1), math.Inf(-1), rng.NormFloat64()}[i%4]
		}
	case "hyper":
		idle := make([]float64, backend.HyperCount)
		idle[backend.HyperMomentum], idle[backend.HyperSecond], idle[backend.HyperEps] = 1, 1, 1
		return func(i int) float64 { return idle[i] }
	}
	return others
}
