package augment

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/data/resize"
	"mnv2/data/warp"
	"mnv2/internal/golden"
)

// policyFile is testdata/golden/policy.json: what MindCV decides, see make_policy.py.
type policyFile struct {
	Levels []struct {
		Situation, Name        string
		Magnitude, Plus, Minus float64
	}
	Tables map[string]json.RawMessage
	Augmix struct {
		Weights []float32
		Part    float32
		Chains  [][]string
		Picture []float64
	}
	Batches []struct {
		Lam     float64
		Centre  []int
		Pixels  []float64
		Targets [][]float64
	}
}

func loadPolicies(t *testing.T) (f policyFile) {
	b, err := os.ReadFile(golden.Path(t, "policy.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &f))
	return f
}

// constant is a source of random numbers that are all the same.
type constant uint64

func (c constant) Uint64() uint64 { return uint64(c) }

func TestLevelsEqualMindCV(t *testing.T) {
	situations := map[string]levels{"plain": {top: 10, translate: usualTranslate}, "wide": {wide: true, top: 31, translate: wideTranslate},
		"augmix": {top: 10, translate: augMixTranslate}}
	plus, minus := rand.New(constant(0)), rand.New(constant(math.MaxUint64))
	cases := loadPolicies(t).Levels
	require.Greater(t, len(cases), 300)
	for _, c := range cases {
		op := operations[c.Name]
		require.NotNil(t, op, c.Name)
		l := situations[c.Situation]
		assert.InDelta(t, c.Plus, op.arg(l, c.Magnitude, plus), 1e-12, "%s %s %v", c.Situation, c.Name, c.Magnitude)
		assert.InDelta(t, c.Minus, op.arg(l, c.Magnitude, minus), 1e-12, "%s %s %v, negated", c.Situation, c.Name, c.Magnitude)
	}
}

func describe(s step) []any { return []any{s.op.name, s.prob, s.magnitude} }

func describeAll(list []step) (out []any) {
	for _, s := range list {
		out = append(out, describe(s))
	}
	return out
}

func TestTablesEqualMindCV(t *testing.T) {
	for text, want := range loadPolicies(t).Tables {
		p, _, err := ParsePolicy(text, PolicyConfig{})
		require.NoError(t, err)
		var have any
		switch p := p.(type) {
		case *autoAugment:
			var list []any
			for _, sub := range p.policies {
				list = append(list, describeAll(sub))
			}
			have = list
		case *augMix:
			have = []any{describeAll(p.steps), p.width, p.depth, p.alpha}
		case *randAugment:
			if p.n == 1 {
				have = describeAll(p.steps)
				break
			}
			weights := []any{describeAll(p.steps), p.n, nil}
			if p.weights != nil {
				total, share := 0., make([]float64, len(p.weights))
				for _, w := range p.weights {
					total += w
				}
				for i, w := range p.weights {
					share[i] = math.Round(w/total*1e9) / 1e9
				}
				weights[2] = share
			}
			have = weights
		}
		b, err := json.Marshal(have)
		require.NoError(t, err)
		assert.JSONEq(t, string(want), string(b), text)
	}
}

func TestAugMixEqualsMindCV(t *testing.T) {
	want := loadPolicies(t).Augmix
	m, turn := goldenPicture("lively", 64, 64), 0
	var s Scratch
	(&augMix{}).mix(m, want.Weights, want.Part, &s, func(chain pixel.Image) {
		for _, name := range want.Chains[turn] {
			operations[name].apply(chain, 0, look{}, &s)
		}
		turn++
	})
	require.NotEmpty(t, want.Picture)
	for i, v := range want.Picture {
		require.InDelta(t, v, float64(m.Pix[i]), 0.5+1e-4, "byte %d", i)
	}
}

func TestPolicies(t *testing.T) {
	for _, text := range []string{"randaug", "randaug-m7-n2-mstd0.5-inc1", "randaug-w0-n13", "randaug-m22-mmax22", "autoaug", "autoaug-mstd0.5",
		"autoaugr", "3a", "trivialaugwide", "trivialaugwide-m20", "augmix", "augmix-m5-w4-d2-a0.5"} {
		t.Run(text, func(t *testing.T) {
			for _, f := range []resize.Filter{resize.CV2Linear, resize.CV2Nearest, resize.CV2Cubic} {
				p, notes, err := ParsePolicy(text, PolicyConfig{Mean: []float64{123.675, 116.28, 103.53}, Filter: f})
				require.NoError(t, err)
				require.Empty(t, notes)
				changed, again := 0, Scratch{}
				for seed := range uint64(60) {
					a, b := goldenPicture("lively", 33, 33), goldenPicture("lively", 33, 33)
					p.Apply(a, rand.New(rand.NewPCG(seed, 1)), &again)
					p.Apply(b, rand.New(rand.NewPCG(seed, 1)), new(Scratch))
					require.Equal(t, a.Pix, b.Pix, "used memory must not matter")
					if string(a.Pix) != string(goldenPicture("lively", 33, 33).Pix) {
						changed++
					}
				}
				require.Greater(t, changed, 20)
				grey := pixel.New(4, 4, 1)
				p.Apply(grey, nil, &again)
				require.Equal(t, make([]byte, 16), grey.Pix)
			}
		})
	}
}

func TestWeightedStepsAreTakenOnce(t *testing.T) {
	p, _, err := ParsePolicy("randaug-w0-n13", PolicyConfig{})
	require.NoError(t, err)
	r, rng := p.(*randAugment), rand.New(rand.NewPCG(3, 4))
	first := map[int]int{}
	for range 4000 {
		var taken [64]bool
		for n := range r.n {
			i := r.weighted(rng, &taken)
			require.False(t, taken[i])
			require.NotZero(t, r.weights[i])
			taken[i] = true
			if n == 0 {
				first[i]++
			}
		}
	}
	assert.InDelta(t, 1200, first[3], 120, "Rotate has three tenths")
}

func TestPolicyMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"rand-m9":              `no policy "rand" (randaug|autoaug|autoaugr|3a|trivialaugwide|augmix)`,
		"":                     `no policy ""`,
		"randaug-x3":           `no setting "x"`,
		"randaug-m":            `setting "m" has no number`,
		"randaug-m7.5":         `m: want a number from 0 to 22, not "7.5"`,
		"randaug-m99":          `m: want a number from 0 to 22, not "99"`,
		"randaug-m1-m2":        "m is set twice",
		"randaug-w1":           "w: want a number from 0 to 0",
		"randaug-w0-n14":       "weight set 0 has 13 operations, and none is taken twice",
		"randaug-mstd1e":       `mstd: want a number from 0 to +Inf, not "1e"`,
		"trivialaugwide-m0":    "m: want a number from 1",
		"augmix-w0":            "w: want a number from 1 to 16",
		"autoaug-m5":           `no setting "m"`,
		"augmix-":              `setting "" has no number`,
		"randaug-mstdNaN-inc1": `setting "mstdNaN" has no number`,
	} {
		_, _, err := ParsePolicy(text, PolicyConfig{})
		require.ErrorContains(t, err, want, text)
		require.ErrorContains(t, err, fmt.Sprintf("auto_augment %q: ", text))
	}
	_, notes, err := ParsePolicy("randaug-mstd0.9-inc0", PolicyConfig{})
	require.NoError(t, err)
	require.Equal(t, []string{"auto_augment: mstd0.9 has no effect, magnitudes deviate by 0.5, as in MindCV",
		"auto_augment: inc0 switches increasing strength on, as in MindCV; leave it out to have it off"}, notes)
}

func TestLook(t *testing.T) {
	c := PolicyConfig{Mean: []float64{123.675, 116.28, 103.53}, Filter: resize.PILBicubic}
	assert.Equal(t, look{[3]byte{124, 116, 104}, warp.Cubic}, c.look())
	assert.Equal(t, look{[3]byte{0, 255, 2}, warp.Linear}, PolicyConfig{Mean: []float64{-3, 900, 2.5}}.look())
}

func FuzzParsePolicy(f *testing.F) {
	for _, text := range []string{"randaug-m7-n2-mstd0.5-inc1", "augmix-m5-w4-d2", "3a", "autoaug--", "randaug-m9999999999999999999"} {
		f.Add(text)
	}
	m := pixel.New(5, 4, 3)
	f.Fuzz(func(t *testing.T, text string) {
		p, _, err := ParsePolicy(text, PolicyConfig{})
		if err == nil {
			p.Apply(m, rand.New(rand.NewPCG(1, 2)), new(Scratch))
		}
	})
}
