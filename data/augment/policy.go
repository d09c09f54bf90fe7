package augment

import (
	"math/rand/v2"

	"mnv2/data/pixel"
)

// Policy changes a picture by operations drawn at random: RandAugment, AutoAugment, 3-Augment, TrivialAugment, AugMix. It is a value that many
// goroutines may use at once. ParsePolicy makes one.
type Policy interface {
	// Apply changes the RGB image m in place. Pictures that are not three-channelled stay as they are.
	Apply(m pixel.Image, rng *rand.Rand, s *Scratch)
}

// step is an operation of a policy: with probability prob, at a magnitude drawn around, or below, the one given.
type step struct {
	op        *operation
	prob      float64
	magnitude float64
}

// drawing says how magnitudes are drawn.
type drawing struct {
	levels
	uniform bool // from 0 to the magnitude, else normally around it
	look    look
}

// spread is the deviation of normal magnitudes. MindCV reads mstd from the policy's text but always uses 0.5.
const spread = 0.5

// run lets a step take its chance on m.
func (d *drawing) run(t step, m pixel.Image, rng *rand.Rand, s *Scratch) {
	if t.prob < 1 && rng.Float64() > t.prob {
		return
	}
	var magnitude float64
	if d.uniform {
		magnitude = uniform(rng, 0, t.magnitude)
	} else {
		magnitude = t.magnitude + float64(spread*rng.NormFloat64())
	}
	t.op.draw(d.levels, max(0, min(magnitude, d.top)), rng).apply(m, d.look, s)
}

// autoAugment takes one of its sub-policies and runs its steps in order.
type autoAugment struct {
	drawing
	policies [][]step
}

func (a *autoAugment) Apply(m pixel.Image, rng *rand.Rand, s *Scratch) {
	if m.C != 3 {
		return
	}
	for _, t := range a.policies[rng.IntN(len(a.policies))] {
		a.run(t, m, rng, s)
	}
}

// randAugment runs n steps: any ones, or, if there are weights, different ones drawn by weight. TrivialAugment is n = 1 with certain steps.
type randAugment struct {
	drawing
	steps   []step
	n       int
	weights []float64
}

func (r *randAugment) Apply(m pixel.Image, rng *rand.Rand, s *Scratch) {
	if m.C != 3 {
		return
	}
	var taken [64]bool
	for range r.n {
		i := 0
		if r.weights == nil {
			i = rng.IntN(len(r.steps))
		} else {
			i = r.weighted(rng, &taken)
			taken[i] = true
		}
		r.run(r.steps[i], m, rng, s)
	}
}

// weighted draws one of the steps that were not taken, by weight.
func (r *randAugment) weighted(rng *rand.Rand, taken *[64]bool) int {
	total := 0.
	for i, w := range r.weights {
		if !taken[i] {
			total += w
		}
	}
	at, last := rng.Float64()*total, 0
	for i, w := range r.weights {
		if taken[i] || w == 0 {
			continue
		}
		if at < w {
			return i
		}
		at, last = at-w, i
	}
	return last // rounding let at pass the end
}
