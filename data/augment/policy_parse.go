package augment

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"mnv2/data/resize"
	"mnv2/data/warp"
)

// PolicyConfig is what a policy's text leaves open.
type PolicyConfig struct {
	Mean   []float64     // per channel, 0 to 255: rounded, the colour of what lies outside a picture
	Filter resize.Filter // of the pipeline; the geometric operations take the one that comes nearest
}

// PolicyNames lists the policies for messages.
const PolicyNames = "randaug|autoaug|autoaugr|3a|trivialaugwide|augmix"

// ParsePolicy reads MindCV's auto_augment: a name and dash-separated settings, each a key and a number.
//
//	randaug         m magnitude (10), n operations a picture (2), w weight set (0; without it all are equal), mmax largest magnitude (10),
//	                inc1 strength grows with the magnitude; mstd is read and has no effect, as in MindCV: the deviation is 0.5
//	autoaug         ImageNet's policy; mstd as above
//	autoaugr        the same with the other posterize
//	3a              solarize, grey or blur
//	trivialaugwide  m largest magnitude (31)
//	augmix          m magnitude (3), w chains (3), d length of the chains (1 to 3, drawn), a alpha (1)
//
// notes says which settings have no effect, or another one than their names suggest.
func ParsePolicy(text string, c PolicyConfig) (p Policy, notes []string, err error) {
	name, rest, hasMore := strings.Cut(text, "-")
	make, known := policyMakers[name]
	if !known {
		return nil, nil, fmt.Errorf("auto_augment %q: no policy %q (%s)", text, name, PolicyNames)
	}
	t := &settings{values: map[string]float64{}, looks: c.look()}
	if hasMore {
		for _, part := range strings.Split(rest, "-") {
			if err := t.add(part, make.keys); err != nil {
				return nil, nil, fmt.Errorf("auto_augment %q: %w", text, err)
			}
		}
	}
	if p, err = make.build(t); err != nil {
		return nil, nil, fmt.Errorf("auto_augment %q: %w", text, err)
	}
	return p, t.notes, nil
}

func (c PolicyConfig) look() (k look) {
	for i := range k.fill {
		if len(c.Mean) > 0 {
			k.fill[i] = byte(max(0, min(255, math.RoundToEven(c.Mean[min(i, len(c.Mean)-1)]))))
		}
	}
	switch c.Filter {
	case resize.CV2Nearest:
		k.filter = warp.Nearest
	case resize.CV2Cubic, resize.PILBicubic:
		k.filter = warp.Cubic
	}
	return k
}

// settings are the parts of a policy's text.
type settings struct {
	values map[string]float64
	notes  []string
	looks  look
}

// bounds of a setting; both ends are allowed.
type bounds struct {
	low, high float64
	whole     bool
}

func (t *settings) add(part string, keys map[string]bounds) error {
	at := strings.IndexAny(part, "0123456789")
	if at < 0 {
		return fmt.Errorf("setting %q has no number", part)
	}
	key := part[:at]
	b, known := keys[key]
	if !known {
		return fmt.Errorf("no setting %q", key)
	}
	v, err := strconv.ParseFloat(part[at:], 64)
	if err != nil || !(v >= b.low && v <= b.high) || b.whole && v != math.Trunc(v) {
		return fmt.Errorf("%s: want a number from %g to %g, not %q", key, b.low, b.high, part[at:])
	}
	if _, again := t.values[key]; again {
		return fmt.Errorf("%s is set twice", key)
	}
	t.values[key] = v
	switch {
	case key == "mstd" && v != spread:
		t.notes = append(t.notes, fmt.Sprintf("auto_augment: mstd%g has no effect, magnitudes deviate by %g, as in MindCV", v, spread))
	case key == "inc" && v == 0:
		t.notes = append(t.notes, "auto_augment: inc0 switches increasing strength on, as in MindCV; leave it out to have it off")
	}
	return nil
}

func (t *settings) or(key string, def float64) float64 {
	if v, ok := t.values[key]; ok {
		return v
	}
	return def
}

func (t *settings) has(key string) bool { _, ok := t.values[key]; return ok }

// policyMaker says which settings a policy has and makes it.
type policyMaker struct {
	keys  map[string]bounds
	build func(t *settings) (Policy, error)
}

const usualTranslate, wideTranslate, augMixTranslate = 0.45, 0.15, 0.3

// mostMagnitude is the largest for which every operation has a meaning: a shift stays within the picture.
const mostMagnitude = 22

var policyMakers = map[string]policyMaker{
	"randaug": {map[string]bounds{"m": {0, mostMagnitude, true}, "n": {1, 16, true}, "w": {0, 0, true}, "mmax": {1, mostMagnitude, true},
		"mstd": {0, math.Inf(1), false}, "inc": {0, math.Inf(1), true}}, makeRandAugment},
	"autoaug":  {map[string]bounds{"mstd": {0, math.Inf(1), false}}, makeAutoAugment(imageNetPolicy, "PosterizeOriginal")},
	"autoaugr": {map[string]bounds{"mstd": {0, math.Inf(1), false}}, makeAutoAugment(imageNetPolicy, "PosterizeIncreasing")},
	"3a":       {map[string]bounds{"mstd": {0, math.Inf(1), false}}, makeAutoAugment(threeAugment, "")},
	"trivialaugwide": {map[string]bounds{"m": {1, 1000, true}}, func(t *settings) (Policy, error) {
		m := t.or("m", 31)
		d := drawing{levels: levels{wide: true, top: m, translate: wideTranslate}, uniform: true, look: t.looks}
		return &randAugment{drawing: d, steps: certain(randNames, 1, m), n: 1}, nil
	}},
	"augmix": {map[string]bounds{"m": {0, mostMagnitude, true}, "w": {1, 16, true}, "d": {1, 16, true}, "a": {1e-3, 1000, false}}, func(t *settings) (Policy, error) {
		d := drawing{levels: levels{top: usualTop, translate: augMixTranslate}, uniform: true, look: t.looks}
		return &augMix{drawing: d, steps: certain(augMixNames, 1, t.or("m", 3)), alpha: t.or("a", 1), width: int(t.or("w", 3)), depth: int(t.or("d", -1))}, nil
	}},
}

func makeRandAugment(t *settings) (Policy, error) {
	names := randNames
	if t.has("inc") {
		names = increasingNames
	}
	d := drawing{levels: levels{top: t.or("mmax", usualTop), translate: usualTranslate}, look: t.looks}
	r := &randAugment{drawing: d, steps: certain(names, 0.5, t.or("m", usualTop)), n: int(t.or("n", 2))}
	if t.has("w") {
		r.weights = randWeights
		if r.n >= len(randWeights) {
			return nil, fmt.Errorf("n%d: weight set 0 has %d operations, and none is taken twice", r.n, len(randWeights)-1)
		}
	}
	return r, nil
}

func makeAutoAugment(table [][]named, posterize string) func(*settings) (Policy, error) {
	return func(t *settings) (Policy, error) {
		a := &autoAugment{drawing: drawing{levels: levels{top: usualTop, translate: usualTranslate}, look: t.looks}}
		for _, row := range table {
			var steps []step
			for _, n := range row {
				if n.name == "Posterize" {
					n.name = posterize
				}
				steps = append(steps, step{operations[n.name], n.prob, n.magnitude})
			}
			a.policies = append(a.policies, steps)
		}
		return a, nil
	}
}

// certain are steps of equal probability and magnitude.
func certain(names []string, prob, magnitude float64) []step {
	steps := make([]step, len(names))
	for i, name := range names {
		steps[i] = step{operations[name], prob, magnitude}
	}
	return steps
}
