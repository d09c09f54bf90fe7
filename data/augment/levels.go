package augment

import (
	"math/rand/v2"

	"mnv2/data/pixel"
	"mnv2/data/warp"
)

// levels say how a policy turns a magnitude into an operation's argument.
type levels struct {
	wide      bool    // TrivialAugment's ranges, for magnitudes up to top
	top       float64 // the largest magnitude: 10 unless the policy says otherwise
	translate float64 // the largest shift, as a share of the side
}

// usualTop is the magnitude at which an operation has the full strength of its paper.
const usualTop = 10.

// look is what the geometric operations need besides the picture.
type look struct {
	fill   [3]byte // colour of what lies outside the picture
	filter warp.Filter
}

// operation is one of a policy's operations: how its argument follows from a magnitude, and what it does with it. The names, ranges and
// oddities are MindCV's (mindcv/data/auto_augment.py). In both papers and in timm posterize keeps fewer bits when it is stronger and shear is
// a tangent; MindCV keeps 8 less that many bits and shears by as many degrees, and so does this.
type operation struct {
	name    string
	level   func(l levels, m float64) float64 // nil: the operation has no argument
	negates bool                              // the sign of the argument, or of its distance from 1, is random
	apply   func(m pixel.Image, arg float64, k look, s *Scratch)
}

// arg draws the argument for a magnitude.
func (o *operation) arg(l levels, magnitude float64, rng *rand.Rand) float64 {
	if o.level == nil {
		return 0
	}
	v := o.level(l, magnitude)
	if o.signed(l) && rng.Float64() > 0.5 {
		v = -v
	}
	if o.isIncreasing() {
		return max(0.1, 1+v)
	}
	return v
}

// signed reports whether the argument's sign is random; TrivialAugment only moves right and down.
func (o *operation) signed(l levels) bool {
	return o.negates && (!l.wide || o.name != "TranslateX" && o.name != "TranslateY")
}

// isIncreasing reports whether the argument is a factor that moves away from 1 with the magnitude.
func (o *operation) isIncreasing() bool {
	switch o.name {
	case "ColorIncreasing", "ContrastIncreasing", "BrightnessIncreasing", "SharpnessIncreasing":
		return true
	}
	return false
}

// The levels. l.top stands for the denominator only in TrivialAugment, as in MindCV.

func share(l levels, m float64) float64 {
	if l.wide {
		return m / l.top
	}
	return m / usualTop
}

func rotateLevel(l levels, m float64) float64 { return share(l, m) * pick(l.wide, 135, 30) }

func shearLevel(l levels, m float64) float64 { return share(l, m) * pick(l.wide, 0.99, 0.3) }

func translateLevel(l levels, m float64) float64 { return share(l, m) * l.translate }

func factorLevel(l levels, m float64) float64 {
	if l.wide {
		return float64(share(l, m)*1.99) + 0.01
	}
	return float64(share(l, m)*1.8) + 0.1
}

func increasingLevel(_ levels, m float64) float64 { return m / usualTop * 0.9 }

func posterizeLevel(l levels, m float64) float64 {
	if l.wide {
		return originalPosterizeLevel(l, m)
	}
	return float64(int(m / usualTop * 4))
}

func increasingPosterizeLevel(l levels, m float64) float64 { return 4 - posterizeLevel(l, m) }

func originalPosterizeLevel(l levels, m float64) float64 {
	if l.wide {
		return float64(int(m/l.top*6) + 2)
	}
	return float64(int(m/usualTop*4) + 4)
}

func solarizeLevel(l levels, m float64) float64 { return float64(int(share(l, m) * 255)) }

func increasingSolarizeLevel(l levels, m float64) float64 { return 255 - solarizeLevel(l, m) }

func desaturateLevel(_ levels, m float64) float64 {
	return max(0.5, min(1, 0.5+float64(0.5*(m/usualTop))))
}

func blurLevel(_ levels, m float64) float64 { return max(0, min(1, m/usualTop)) }

func pick(is bool, yes, no float64) float64 {
	if is {
		return yes
	}
	return no
}
