package tolerance

import (
	"fmt"
	"math"
)

// Report is what comparing two lists of numbers showed.
type Report struct {
	Elements int
	Wrong    int     // elements outside their bound
	Worst    int     // index of the element farthest outside, or nearest to, its bound
	Ratio    float64 // its error as a multiple of its bound; +Inf if no distance makes sense
	Got      float64 // there
	Want     float64
	Bound    float64
	RelL2    float64 // of all finite elements, see [RelL2]
}

// OK reports whether every element is within its bound.
func (r Report) OK() bool { return r.Wrong == 0 }

// String says how many elements are wrong, which is the worst, and by how much.
func (r Report) String() string {
	return fmt.Sprintf("%d of %d elements wrong, the worst at %d: got %.9g, want %.9g (error %.3g, allowed %.3g); relative L2 error %.3g",
		r.Wrong, r.Elements, r.Worst, r.Got, r.Want, math.Abs(r.Got-r.Want), r.Bound, r.RelL2)
}

// Compare holds got against want, element by element, with the error that each may have. A want that is NaN wants NaN; an
// infinite one, or one beyond f's largest number by more than its bound, wants infinity of that sign; one within its bound
// of f's largest number may be either. It wants equal lengths.
func Compare(f Format, got, want, bound []float64) (Report, error) {
	r := Report{Elements: len(want)}
	if len(got) != len(want) || len(bound) != len(want) {
		return r, fmt.Errorf("compare: %d numbers with %d and %d bounds: want equal counts", len(got), len(want), len(bound))
	}
	r.Ratio = -1
	for i := range want {
		ratio := f.Ratio(got[i], want[i], bound[i])
		if ratio > 1 {
			r.Wrong++
		}
		if ratio > r.Ratio {
			r.Ratio, r.Worst, r.Got, r.Want, r.Bound = ratio, i, got[i], want[i], bound[i]
		}
	}
	r.RelL2 = RelL2(got, want)
	return r, nil
}

// Ratio returns the error of got as a multiple of bound: 0 if it is what is wanted exactly, at most 1 if it may be so, +Inf
// if it is of another kind (NaN, infinity) than want. A bound that is NaN or negative allows nothing. Zeros of either sign
// are equal.
func (f Format) Ratio(got, want, bound float64) float64 {
	switch {
	case math.IsNaN(want) || math.IsNaN(got):
		return exact(math.IsNaN(want) && math.IsNaN(got))
	case math.IsInf(want, 0):
		return exact(got == want)
	case math.IsInf(got, 0): // a finite number that may have overflowed
		return exact(math.Abs(want)+bound > f.Largest && math.Signbit(got) == math.Signbit(want))
	case math.Abs(want)-bound > f.Largest*(1+f.Unit): // finite, where overflow is certain
		return math.Inf(1)
	case got == want:
		return 0
	case !(bound > 0):
		return math.Inf(1)
	}
	return math.Abs(got-want) / bound
}

func exact(ok bool) float64 {
	if ok {
		return 0
	}
	return math.Inf(1)
}

// RelL2 returns |got-want| / |want| in the Euclidean norm, over the elements that are finite in both; 0 if got equals want,
// also where both are zero, and +Inf if only want is zero.
func RelL2(got, want []float64) float64 {
	scale := 0.0 // keeps squares from overflowing and from vanishing
	for i := range want {
		if finite(got[i]) && finite(want[i]) {
			scale = max(scale, math.Abs(got[i]), math.Abs(want[i]))
		}
	}
	if scale == 0 {
		return 0
	}
	diff, norm := 0.0, 0.0
	for i := range want {
		if finite(got[i]) && finite(want[i]) {
			g, w := got[i]/scale, want[i]/scale
			diff += (g - w) * (g - w)
			norm += w * w
		}
	}
	if diff == 0 {
		return 0
	}
	return math.Sqrt(diff / norm)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
