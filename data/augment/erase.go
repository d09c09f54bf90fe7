package augment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"mnv2/data/pixel"
)

// EraseMode says what a rectangle is filled with.
type EraseMode int

// The fillings. In MindCV any text means ErasePixels; EraseColour is timm's rand.
const (
	EraseConst  EraseMode = iota // the same numbers everywhere
	EraseColour                  // one colour per rectangle, drawn
	ErasePixels                  // noise, a number per pixel and channel
)

// Erasing overwrites a random rectangle of a picture (Zhong et al. 2017), as MindSpore's RandomErasing. The numbers it writes are meant on the
// network's side of normalisation: constant ones, or normal ones of deviation 1. On bytes that is mean + value*std, rounded and limited
// to 0..255, so that a value is off by half a level at most, and noise ends where a picture's bytes do.
type Erasing struct {
	Prob      float64    // of erasing at all; 0 is off
	Scale     [2]float64 // the rectangle's share of the area; MindCV: 0.02, 0.33
	Ratio     [2]float64 // its width/height, drawn evenly; MindCV: 0.3, 3.3
	Mode      EraseMode
	Value     [3]float64 // EraseConst: per channel
	Attempts  int        // rectangles tried until one fits; MindCV: 10
	Mean, Std [3]float64 // of the normalisation, 0 to 255
}

// ParseEraseValue reads MindCV's re_value: a number, three numbers, or a text. "rand" is one random colour per rectangle; "pixel", "random" and any other
// word are noise.
func ParseEraseValue(text string) (mode EraseMode, value [3]float64, err error) {
	words := strings.Fields(strings.NewReplacer(",", " ", "[", " ", "]", " ", "(", " ", ")", " ").Replace(text))
	for i, word := range words {
		v, err := strconv.ParseFloat(word, 64)
		switch {
		case err != nil && len(words) == 1 && word == "rand":
			return EraseColour, value, nil
		case err != nil && len(words) == 1:
			return ErasePixels, value, nil
		case err != nil || math.IsNaN(v) || math.IsInf(v, 0) || i > 2:
			return 0, value, fmt.Errorf("re_value %q: want a number, three numbers, rand or pixel", text)
		}
		value[i] = v
	}
	switch len(words) {
	case 1:
		value[1], value[2] = value[0], value[0]
	case 3:
	default:
		return 0, value, fmt.Errorf("re_value %q: want a number, three numbers, rand or pixel", text)
	}
	return EraseConst, value, nil
}

// Check returns nil, or which field is wrong and the values it may take.
func (e Erasing) Check() error {
	switch {
	case !(0 <= e.Prob && e.Prob <= 1):
		return fmt.Errorf("re_prob %v: must be a probability between 0 and 1", e.Prob)
	case e.Prob == 0:
		return nil
	case !(0 < e.Scale[0] && e.Scale[0] <= e.Scale[1] && e.Scale[1] <= 1):
		return fmt.Errorf("re_scale %v: must be two shares of the area, above 0, at most 1, the smaller first", e.Scale)
	case !(0 < e.Ratio[0] && e.Ratio[0] <= e.Ratio[1]) || math.IsInf(e.Ratio[1], 0):
		return fmt.Errorf("re_ratio %v: must be two widths per height, above 0, the smaller first", e.Ratio)
	case e.Attempts < 1:
		return fmt.Errorf("re_max_attempts %d: must be at least 1", e.Attempts)
	}
	return nil
}

// dice are the random numbers that erasing draws; a test gives those that another program drew.
type dice interface {
	Float64() float64     // in [0, 1)
	IntN(n int) int       // in [0, n)
	NormFloat64() float64 // normal, deviation 1
}

// Apply erases a rectangle of m, or nothing, in place.
func (e Erasing) Apply(m pixel.Image, rng *rand.Rand) {
	if e.Prob > 0 {
		e.apply(m, rng)
	}
}

func (e Erasing) apply(m pixel.Image, rng dice) {
	if rng.Float64() >= e.Prob {
		return
	}
	if r, ok := e.rect(rng, m.W, m.H); ok {
		e.fill(m, r, rng)
	}
}

// rect draws the rectangle: its width from area and aspect, its height from the rounded width, both smaller than the picture's.
func (e Erasing) rect(rng dice, w, h int) (r pixel.Rect, ok bool) {
	for range e.Attempts {
		area := float64((e.Scale[0] + float64((e.Scale[1]-e.Scale[0])*rng.Float64())) * float64(w*h))
		aspect := e.Ratio[0] + float64((e.Ratio[1]-e.Ratio[0])*rng.Float64())
		r.W = int(math.RoundToEven(math.Sqrt(area * aspect)))
		r.H = int(math.RoundToEven(float64(r.W) / aspect))
		if r.W < w && r.H < h {
			r.Y = rng.IntN(h - r.H + 1)
			r.X = rng.IntN(w - r.W + 1)
			return r, true
		}
	}
	return r, false
}

func (e Erasing) fill(m pixel.Image, r pixel.Rect, rng dice) {
	value := e.Value
	if e.Mode == EraseColour {
		value = [3]float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
	}
	var colour [3]byte
	for c := range colour {
		colour[c] = e.byteOf(value[c], c)
	}
	for y := r.Y; y < r.Y+r.H; y++ {
		row := m.Row(y)[r.X*m.C : (r.X+r.W)*m.C]
		for i := range row {
			c := i % m.C
			if e.Mode == ErasePixels {
				colour[c] = e.byteOf(rng.NormFloat64(), c)
			}
			row[i] = colour[c]
		}
	}
}

// byteOf is the byte whose normalised value is nearest to v.
func (e Erasing) byteOf(v float64, c int) byte {
	return byte(max(0, min(255, math.RoundToEven(e.Mean[c]+float64(v*e.Std[c])))))
}
