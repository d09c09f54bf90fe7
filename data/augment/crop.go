package augment

import (
	"math"
	"math/rand/v2"

	"mnv2/data/pixel"
)

// Attempts is how many rectangles MindCV tries before it falls back to a central one.
const Attempts = 10

// RandomResizedCrop draws the rectangle of a w x h image that a training picture is made of: a share of the area uniform
// in scale, an aspect width/height whose logarithm is uniform between those of ratio, a place uniform among those where it
// fits. A rectangle that does not fit is drawn anew, attempts times in all; then the largest central rectangle
// within ratio is taken. Sizes follow MindSpore: the height comes from the already rounded width; halves are rounded
// away from zero.
func RandomResizedCrop(rng *rand.Rand, w, h int, scale, ratio [2]float64, attempts int) pixel.Rect {
	lo, hi := math.Log(ratio[0]), math.Log(ratio[1])
	for range attempts {
		share := uniform(rng, scale[0], scale[1])
		aspect := math.Exp(uniform(rng, lo, hi))
		cw := max(1, round(math.Sqrt(float64(w)*float64(h)*share*aspect)))
		ch := max(1, round(float64(cw)/aspect))
		if cw <= w && ch <= h {
			x := rng.IntN(w - cw + 1) // before y, as in MindSpore
			return pixel.Rect{X: x, Y: rng.IntN(h - ch + 1), W: cw, H: ch}
		}
	}
	return centralCrop(w, h, ratio)
}

// centralCrop is the largest central rectangle whose aspect lies in ratio.
func centralCrop(w, h int, ratio [2]float64) pixel.Rect {
	cw, ch := w, h
	switch aspect := float64(w) / float64(h); {
	case aspect < ratio[0]:
		ch = min(h, max(1, round(float64(w)/ratio[0])))
	case aspect > ratio[1]:
		cw = min(w, max(1, round(float64(h)*ratio[1])))
	}
	at := func(rest int) int { return min(rest, round(float64(rest)/2)) }
	return pixel.Rect{X: at(w - cw), Y: at(h - ch), W: cw, H: ch}
}

// round returns v rounded half away from zero. Beyond any picture's size it returns a large number.
func round(v float64) int { return int(math.Round(min(v, 1<<30))) }

// uniform returns a number between lo and hi. The conversion keeps the product from being fused with the sum on some
// processors, which would make pictures depend on the machine.
func uniform(rng *rand.Rand, lo, hi float64) float64 {
	return lo + float64((hi-lo)*rng.Float64())
}
