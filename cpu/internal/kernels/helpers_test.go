package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

const guard = 64 // numbers on either side of an output that must stay as they were

const sentinel = float32(-12345.75)

// guarded returns n numbers between two guards, all set to the sentinel.
func guarded(n int) []float32 {
	all := make([]float32, n+2*guard)
	for i := range all {
		all[i] = sentinel
	}
	return all[guard : guard+n : guard+n]
}

// requireGuards fails if a number beside y was written.
func requireGuards(t *testing.T, y []float32) {
	t.Helper()
	before := unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(&y[0]), -4*guard)), guard)
	after := unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(&y[0]), 4*len(y))), guard)
	for i := range guard {
		require.Equal(t, sentinel, before[i], "number %d before the output", guard-i)
		require.Equal(t, sentinel, after[i], "number %d after the output", i)
	}
}

// values are what the inputs of a test are drawn from.
type values struct {
	name string
	draw func(r *rand.Rand) float32
}

var allValues = []values{
	{"normal", func(r *rand.Rand) float32 { return float32(r.NormFloat64()) }},
	{"denormal", func(r *rand.Rand) float32 { return float32(r.NormFloat64()) * 1e-39 }},
	{"whole", func(r *rand.Rand) float32 { return float32(r.IntN(7) - 3) }}, // hits 0 and 6 exactly
	{"some NaN", func(r *rand.Rand) float32 {
		if r.IntN(50) == 0 {
			return float32(math.NaN())
		}
		return float32(r.NormFloat64())
	}},
}

func (v values) slice(r *rand.Rand, n int) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = v.draw(r)
	}
	return list
}

// exact is a result in float64, the sum of the absolute values of what was added up, and how many that were.
type exact struct {
	sum, size float64
	terms     int
}

func (e *exact) add(products ...float64) {
	p := 1.0
	for _, f := range products {
		p *= f
	}
	e.sum += p
	e.size += math.Abs(p)
	e.terms++
}

// require fails if got is not the clamped sum within the error that rounding can make: every one of n additions and
// products may be off by half a unit in the last place of what was summed so far, at most n*2^-24*size, or by half of the
// least denormal.
func (e *exact) require(t *testing.T, got float32, c Clamp, where string, args ...any) {
	t.Helper()
	want := e.sum
	if want < float64(c.Low) {
		want = float64(c.Low)
	} else if want > float64(c.High) {
		want = float64(c.High)
	}
	if math.IsNaN(want) {
		require.True(t, math.IsNaN(float64(got)), "%s: %g, want NaN", fmt.Sprintf(where, args...), got)
		return
	}
	bound := 2 * float64(e.terms) * (0x1p-24*e.size + 0x1p-150)
	if !(math.Abs(float64(got)-want) <= bound) {
		require.Fail(t, "wrong sum", "%s: %g, want %g within %g", fmt.Sprintf(where, args...), got, want, bound)
	}
}

var (
	linear = Clamp{float32(math.Inf(-1)), float32(math.Inf(1))}
	relu6  = Clamp{0, 6}
)

// forSets runs f as a subtest for every set of this machine and every kind of value.
func forSets(t *testing.T, f func(t *testing.T, s *Set, v values, r *rand.Rand)) {
	for _, s := range Sets() {
		for _, v := range allValues {
			t.Run(s.Name+"/"+v.name, func(t *testing.T) { f(t, s, v, rand.New(rand.NewPCG(1, 2))) })
		}
	}
}
