package backendtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// differenceStep is the step of finite differences in float64: its square, the truncation error, and 1e-16 over it, the
// rounding error, are both far below differenceError.
const (
	differenceStep  = 1e-5
	differenceError = 1e-6 // relative to 1 plus the size of the derivative
)

// testGradients holds the gradients of ref to finite differences of ref, and those of the device to the same differences
// along a random direction.
func (s *suite) testGradients(t tester) {
	for _, d := range differentiables(s.info.Layout) {
		if s.options.wants(d.name) {
			t.Run("ref "+d.name, func(t tester) { d.check(t) })
		}
	}
	s.with(t, func(b backend.Backend) {
		for _, block := range blockCases(backend.F32, s.info.Layout) {
			pair := pairsOf(block)[0]
			if s.options.wants(pair.second.String()) {
				t.Run("device "+pair.second.String(), func(t tester) { s.checkDirection(t, b, pair) })
			}
		}
	})
}

// slope is a derivative found by central differences, and how far it may be from the gradient because of kinks: where the
// function bends by s over a step h, the difference quotient is off by up to s/2h.
type slope struct{ value, kink float64 }

// differentiate returns the slope at 0 of f.
func differentiate(f func(step float64) float64) slope {
	up, middle, down := f(differenceStep), f(0), f(-differenceStep)
	return slope{(up - down) / (2 * differenceStep), math.Abs(up-2*middle+down) / (2 * differenceStep)}
}

// check fails the test unless gradient is within the slope's error, and allowed, of it.
func (s slope) check(t tester, what string, gradient, allowed float64) {
	t.Helper()
	bound := s.kink + allowed + differenceError*(1+math.Abs(s.value))
	if !(math.Abs(gradient-s.value) <= bound) {
		t.Errorf("%s: gradient %.9g, finite difference %.9g: off by more than %.3g", what, gradient, s.value, bound)
	}
}

// differentiable is an operation with its gradients in ref, as functions of named tensors.
type differentiable struct {
	name string
	// at holds the point; each tensor in it may be moved.
	at map[string]*ref.Tensor
	// value computes a number, gradients its derivative by the tensor of each name.
	value     func() float64
	gradients func() map[string]*ref.Tensor
}

// check compares gradients with differences in some elements of every tensor.
func (d differentiable) check(t tester) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seedOf(d.name), 2))
	for name, gradient := range d.gradients() {
		x := d.at[name].V
		for range min(len(x), max(2, 24/len(d.at))) {
			i := rng.IntN(len(x))
			old := x[i]
			s := differentiate(func(step float64) float64 {
				x[i] = old + step
				return d.value()
			})
			x[i] = old
			s.check(t, fmt.Sprintf("d%s[%d]", name, i), gradient.V[i], 0)
		}
	}
}

// mustRun runs ref on operands that the suite itself made.
func mustRun(op backend.Op, operands ...*ref.Tensor) {
	if err := ref.Run(op, operands); err != nil {
		panic("backendtest: " + err.Error())
	}
}

// dot is the sum of products.
func dot(a, b *ref.Tensor) float64 {
	sum := 0.0
	for i := range a.V {
		sum += a.V[i] * b.V[i]
	}
	return sum
}

// randomTensor returns standard normal numbers.
func randomTensor(rng *rand.Rand, d backend.Desc) *ref.Tensor {
	t := ref.New(d)
	for i := range t.V {
		t.V[i] = rng.NormFloat64()
	}
	return t
}

// checkDirection compares the device's gradients, all multiplied by one random direction, with the difference quotient of
// ref along it. What the device may be off follows from the bounds of its gradients.
func (s *suite) checkDirection(t tester, b backend.Backend, p blockPair) {
	t.Helper()
	e, err := s.expect(p)
	if err != nil {
		t.Fatalf("%v", err)
	}
	first, second := s.compilePair(t, b, p, backend.FuseAuto)
	if first == nil {
		return
	}
	got, err := runPair(b, first, second, e.values)
	closePlan(t, first)
	closePlan(t, second)
	if err != nil {
		t.Fatalf("%v", err)
	}
	rng := rand.New(rand.NewPCG(seedOf(p.second.String()), 5))
	way, gradient, allowed := map[string]*ref.Tensor{}, 0.0, 0.0
	for _, name := range operandNames(p.second) { // in order, so that the direction is the same in every run
		source, ok := gradientOf(name)
		if !ok {
			continue
		}
		way[source] = randomTensor(rng, got[name].Desc)
		gradient += dot(way[source], got[name])
		for i, v := range way[source].V {
			allowed += math.Abs(v) * e.bounds[name].V[i]
		}
	}
	blockSlope(p.first, e.values, way).check(t, "along a random direction", gradient, allowed)
}

// gradientOf returns the operand whose gradient the operand called name is.
func gradientOf(name string) (string, bool) {
	if name == "dx" {
		return "x", true
	}
	return strings.CutPrefix(name, "d.")
}

// blockSlope returns the slope of dy*y when values move along way.
func blockSlope(forward backend.Block, values, way map[string]*ref.Tensor) slope {
	return differentiate(func(step float64) float64 {
		var operands []*ref.Tensor
		for _, o := range forward.Operands() {
			t := ref.New(o.Desc)
			if values[o.Name] != nil {
				copy(t.V, values[o.Name].V)
			}
			for i := range t.V {
				if d := way[o.Name]; d != nil {
					t.V[i] += step * d.V[i]
				}
			}
			operands = append(operands, t)
		}
		mustRun(forward, operands...)
		return dot(values["dy"], operands[len(operands)-1])
	})
}
