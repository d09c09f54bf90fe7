package resize

import (
	"math"
	"slices"
)

// Pillow's 8-bit resizing uses weights of 22 bits and stores a byte between its two passes.
const (
	pilBits  = 22
	pilRound = 1 << (pilBits - 1)
)

// pilAxis holds the weights of consecutive outputs along one axis.
type pilAxis struct {
	taps    []pilTap
	weights []int32
	float   []float64 // weights of one output before they are made whole numbers
}

// pilTap says that one output is the sum of source positions first, first+1, ... with weights[from:to].
type pilTap struct{ first, from, to int }

// fill computes the weights of outputs first .. first+n-1 of an axis resized from in to out.
func (a *pilAxis) fill(in, out, first, n int, f Filter) {
	scale := float64(in) / float64(out)
	widen := max(scale, 1)
	support := f.support() * widen
	a.taps, a.weights = slices.Grow(a.taps[:0], n)[:n], a.weights[:0]
	for x := range a.taps {
		center := float64((float64(first+x) + 0.5) * scale)
		lo := max(0, int(center-support+0.5))
		hi := min(in, int(center+support+0.5))
		from := len(a.weights)
		a.one(lo, hi, center, 1/widen, f)
		a.taps[x] = pilTap{lo, from, len(a.weights)}
	}
}

// one appends the weights of the source positions lo..hi-1 for an output centred at center: the filter's values in
// double precision, divided by their sum, rounded half away from zero to 22 bits.
func (a *pilAxis) one(lo, hi int, center, shrink float64, f Filter) {
	a.float = a.float[:0]
	var sum float64
	for i := lo; i < hi; i++ {
		w := f.at(float64((float64(i) - center + 0.5) * shrink))
		a.float = append(a.float, w)
		sum += w
	}
	for _, w := range a.float {
		if sum != 0 {
			w /= sum
		}
		a.weights = append(a.weights, int32(math.Trunc(float64(w*(1<<pilBits))+math.Copysign(0.5, w))))
	}
}

// support is the filter's half width in result pixels.
func (f Filter) support() float64 {
	if f == PILBicubic {
		return 2
	}
	return 1
}

// at is the filter's value at x. The explicit conversions forbid fused multiply-add.
func (f Filter) at(x float64) float64 {
	x = math.Abs(x)
	if f != PILBicubic {
		return max(1-x, 0)
	}
	const a = -0.5 // Keys' cubic as Pillow has it
	switch {
	case x < 1:
		return float64(float64(float64((a+2)*x)-(a+3))*x*x) + 1
	case x < 2:
		return (float64((float64((x-5)*x)+8)*x) - 4) * a
	}
	return 0
}
