package augment

import (
	"math"
	"math/rand/v2"

	"mnv2/data/pixel"
)

// augMix mixes the picture with several chains of operations on it (Hendrycks et al. 2020): x(1-m) + m * sum of weight * chain(x), with m from
// Beta(alpha, alpha) and the weights from a Dirichlet distribution. As in MindCV the sum is cut to whole bytes; the result is rounded to a byte here,
// where MindCV hands fractions on.
type augMix struct {
	drawing
	steps []step
	alpha float64
	width int
	depth int // of every chain; below 1: 1 to 3, drawn for each
}

func (a *augMix) Apply(m pixel.Image, rng *rand.Rand, s *Scratch) {
	if m.C != 3 {
		return
	}
	weights := make([]float32, a.width)
	dirichlet(rng, a.alpha, weights)
	part := float32(Beta(rng, a.alpha))
	a.mix(m, weights, part, s, func(chain pixel.Image) {
		depth := a.depth
		if depth < 1 {
			depth = 1 + rng.IntN(3)
		}
		for range depth {
			a.run(a.steps[rng.IntN(len(a.steps))], chain, rng, s)
		}
	})
}

// mix puts the mixture of m and its chains into m. change makes a chain's picture, in place.
func (a *augMix) mix(m pixel.Image, weights []float32, part float32, s *Scratch, change func(pixel.Image)) {
	s.sum = resized(s.sum, len(m.Pix))
	clear(s.sum)
	for _, w := range weights {
		s.chain = append(s.chain[:0], m.Pix...)
		chain := pixel.Image{Pix: s.chain, W: m.W, H: m.H, C: m.C}
		change(chain)
		for i, v := range chain.Pix {
			s.sum[i] += float32(w * float32(v))
		}
	}
	rest := 1 - part
	for i, v := range m.Pix {
		mixed := byte(min(max(s.sum[i], 0), 255))
		m.Pix[i] = byte(math.RoundToEven(float64(float32(float32(v)*rest) + float32(float32(mixed)*part))))
	}
}

// resized returns s with n elements, whose values do not matter.
func resized(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
