package backendtest

import (
	"math"
	"math/rand/v2"
	"slices"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// samples is how many times a fused operation is computed with noise; spreadFactor by how much a device may exceed the
// largest deviation that any of them showed.
const (
	samples      = 6
	spreadFactor = 4
)

// propagate returns the exact operands of op after it ran, and for each output how far off a device may be.
//
// What a rounding error in an early step does to the end of a fused operation depends on everything between: batch norm
// divides by a deviation that has errors of its own, errors common to a channel cancel there, a ReLU6 hides some and passes
// others, and one next to a kink turns a gradient on or off. Instead of following all that in formulas, the operation is
// computed several times with noise put on the result of each primitive, as large as that primitive's own bound in
// rounding (Monte Carlo arithmetic; Parker 1997). The worst case bound of every single step, and a factor on the largest
// deviation seen, stand against few samples. Two of the samples push everything one way, up and down, so that whatever lies
// within its error of a kink crosses it in one of them.
func propagate(op backend.Op, values []*ref.Tensor, seed uint64) (exact, bounds []*ref.Tensor, err error) {
	exact = withOutputs(op, values)
	if err := ref.Run(op, exact); err != nil {
		return nil, nil, err
	}
	bounds = make([]*ref.Tensor, len(exact))
	rng := rand.New(rand.NewPCG(seed, 1))
	for k := range samples {
		noisy := withOutputs(op, values)
		if err := runNoisy(op, noisy, direction(rng, k)); err != nil {
			return nil, nil, err
		}
		for i, o := range op.Operands() {
			if o.Role != backend.In {
				bounds[i] = widen(bounds[i], exact[i], noisy[i])
			}
		}
	}
	for i, b := range bounds {
		if b != nil {
			settle(b, exact[i])
		}
	}
	return exact, bounds, nil
}

// direction returns where in its bound, from -1 to 1, the noise of sample k pushes the next number.
func direction(rng *rand.Rand, k int) func() float64 {
	switch k {
	case 0:
		return func() float64 { return 1 }
	case 1:
		return func() float64 { return -1 }
	}
	return func() float64 { return 2*rng.Float64() - 1 }
}

// runNoisy computes op, adding noise to the results of every primitive in it but those of activations, which select among
// their inputs: noise on an exact 0 or 6 would move it across the kink.
func runNoisy(op backend.Op, operands []*ref.Tensor, push func() float64) error {
	var failed error
	err := ref.RunObserved(op, operands, func(step backend.Op, before, after []*ref.Tensor) {
		if _, ok := step.(backend.Activation); ok {
			return
		}
		bounds, err := rounding(step, before, after)
		if err != nil {
			failed = err
		}
		for i, b := range bounds {
			for j := range after[i].V {
				if b != nil {
					after[i].V[j] += push() * b.V[j]
				}
			}
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// widen raises bound to the distance of noisy from exact.
func widen(bound, exact, noisy *ref.Tensor) *ref.Tensor {
	if bound == nil {
		bound = ref.New(exact.Desc)
	}
	for i := range bound.V {
		bound.V[i] = math.Max(bound.V[i], math.Abs(noisy.V[i]-exact.V[i]))
	}
	return bound
}

// settle turns the deviations seen into bounds. An element whose samples happened to agree gets half of what the tensor's
// middle element gets; the median, because elements at a kink may deviate a great deal.
func settle(deviation, exact *ref.Tensor) {
	sorted := slices.Sorted(slices.Values(deviation.V))
	median := sorted[len(sorted)/2]
	f := formatOf(exact.Desc.DType)
	for i, d := range deviation.V {
		deviation.V[i] = spreadFactor*(d+median/2) + f.Spacing(exact.V[i])
	}
}

// withOutputs returns copies of values and zeros for the outputs.
func withOutputs(op backend.Op, values []*ref.Tensor) []*ref.Tensor {
	all := make([]*ref.Tensor, len(values))
	for i, o := range op.Operands() {
		if values[i] != nil {
			all[i] = values[i].Clone()
		} else {
			all[i] = ref.New(o.Desc)
		}
	}
	return all
}
