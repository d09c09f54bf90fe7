package augment

import (
	"math/rand/v2"

	"mnv2/data/pixel"
)

// FlipHorizontal mirrors m left to right, in place.
func FlipHorizontal(m pixel.Image) {
	for y := range m.H {
		row := m.Row(y)
		for l, r := 0, len(row)-m.C; l < r; l, r = l+m.C, r-m.C {
			for c := range m.C {
				row[l+c], row[r+c] = row[r+c], row[l+c]
			}
		}
	}
}

// FlipVertical turns m upside down, in place.
func FlipVertical(m pixel.Image) {
	for t, b := 0, m.H-1; t < b; t, b = t+1, b-1 {
		top, bottom := m.Row(t), m.Row(b)
		for i := range top {
			top[i], bottom[i] = bottom[i], top[i]
		}
	}
}

// chance is true with probability p. It draws no number if p is 0, so that an operation that is off leaves the others'
// numbers as they are.
func chance(rng *rand.Rand, p float64) bool { return p > 0 && rng.Float64() < p }
