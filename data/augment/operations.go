package augment

import (
	"math/rand/v2"

	"mnv2/data/pixel"
	"mnv2/data/warp"
)

// operations by name; made by a function, since some of them refer to each other's functions.
var operations = func() map[string]*operation {
	byName := map[string]*operation{}
	for _, o := range []operation{
		{name: "AutoContrast", apply: func(m pixel.Image, _ float64, _ look, _ *Scratch) { AutoContrast(m) }},
		{name: "Equalize", apply: func(m pixel.Image, _ float64, _ look, _ *Scratch) { Equalize(m) }},
		{name: "Invert", apply: func(m pixel.Image, _ float64, _ look, _ *Scratch) { Invert(m) }},
		{name: "Rotate", level: rotateLevel, negates: true, apply: rotate},
		{name: "Posterize", level: posterizeLevel, apply: posterize},
		{name: "PosterizeIncreasing", level: increasingPosterizeLevel, apply: posterize},
		{name: "PosterizeOriginal", level: originalPosterizeLevel, apply: posterize},
		{name: "Solarize", level: solarizeLevel, apply: solarize},
		{name: "SolarizeIncreasing", level: increasingSolarizeLevel, apply: solarize},
		{name: "Color", level: factorLevel, apply: color},
		{name: "ColorIncreasing", level: increasingLevel, negates: true, apply: color},
		{name: "Contrast", level: factorLevel, apply: contrast},
		{name: "ContrastIncreasing", level: increasingLevel, negates: true, apply: contrast},
		{name: "Brightness", level: factorLevel, apply: brightness},
		{name: "BrightnessIncreasing", level: increasingLevel, negates: true, apply: brightness},
		{name: "Sharpness", level: factorLevel, apply: sharpness},
		{name: "SharpnessIncreasing", level: increasingLevel, negates: true, apply: sharpness},
		{name: "ShearX", level: shearLevel, negates: true, apply: shearX},
		{name: "ShearY", level: shearLevel, negates: true, apply: shearY},
		{name: "TranslateX", level: translateLevel, negates: true, apply: translateX},
		{name: "TranslateY", level: translateLevel, negates: true, apply: translateY},
		{name: "Desaturate", level: desaturateLevel, apply: desaturate},
		{name: "GaussianBlurRand", level: blurLevel, apply: nil}, // draws its deviation: see change.apply
	} {
		byName[o.name] = &o
	}
	return byName
}()

func posterize(m pixel.Image, keep float64, _ look, _ *Scratch) { Posterize(m, max(8-int(keep), 1)) }

func solarize(m pixel.Image, threshold float64, _ look, _ *Scratch) { Solarize(m, int(threshold)) }

func color(m pixel.Image, factor float64, _ look, _ *Scratch) { Color(m, factor) }

func contrast(m pixel.Image, factor float64, _ look, _ *Scratch) { Contrast(m, factor) }

func brightness(m pixel.Image, factor float64, _ look, _ *Scratch) { Brightness(m, factor) }

func sharpness(m pixel.Image, factor float64, _ look, s *Scratch) { Sharpness(m, factor, s) }

func desaturate(m pixel.Image, amount float64, _ look, _ *Scratch) {
	Color(m, min(1, max(0, 1-amount)))
}

func shearX(m pixel.Image, degrees float64, k look, s *Scratch) {
	move(m, warp.ShearX(m.W, m.H, -degrees), k.filter, k.fill, s)
}

func shearY(m pixel.Image, degrees float64, k look, s *Scratch) {
	move(m, warp.ShearY(m.W, m.H, degrees), k.filter, k.fill, s)
}

func translateX(m pixel.Image, part float64, k look, s *Scratch) {
	move(m, warp.TranslateX(m.W, m.H, part), k.filter, k.fill, s)
}

func translateY(m pixel.Image, part float64, k look, s *Scratch) {
	move(m, warp.TranslateY(m.W, m.H, part), k.filter, k.fill, s)
}

// rotate fills with blue and red exchanged, as MindSpore's RandomRotation does.
func rotate(m pixel.Image, degrees float64, k look, s *Scratch) {
	move(m, warp.Rotation(m.W, m.H, degrees), k.filter, [3]byte{k.fill[2], k.fill[1], k.fill[0]}, s)
}

func move(m pixel.Image, by warp.Matrix, f warp.Filter, fill [3]byte, s *Scratch) {
	warp.Affine(m, s.copyOf(m), by, f, fill, &s.warp)
}

// The deviations that GaussianBlurRand draws from: the least, and the most at full strength.
const leastBlur, mostBlur = 0.1, 2.0

// change is an operation with its argument.
type change struct {
	op  *operation
	arg float64
}

// draw draws the argument of an operation; of the blur, whose argument bounds a deviation, the deviation.
func (o *operation) draw(l levels, magnitude float64, rng *rand.Rand) change {
	c := change{o, o.arg(l, magnitude, rng)}
	if o.name == "GaussianBlurRand" {
		c.arg = uniform(rng, leastBlur, mostBlur*c.arg)
	}
	return c
}

func (c change) apply(m pixel.Image, k look, s *Scratch) {
	if c.op.name == "GaussianBlurRand" {
		Blur(m, c.arg, s)
		return
	}
	c.op.apply(m, c.arg, k, s)
}
