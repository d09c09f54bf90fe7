package backendtest

import (
	"fmt"
	"math"

	"mnv2/backend"
	"mnv2/backend/ref"
	"mnv2/internal/tolerance"
)

// Devices compute in float32 or wider, whatever the tensors are made of, and round once more when they store. unit is
// float32's unit roundoff.
const unit = 0x1p-24

// formatOf returns what storing an element of type t does to it.
func formatOf(t backend.DType) tolerance.Format {
	switch t {
	case backend.F16:
		return tolerance.F16
	case backend.BF16:
		return tolerance.BF16
	}
	return tolerance.F32
}

// rounding returns, for every output of a primitive, how far a device's result may be from the exact one: element by
// element, from the operands before and after the exact computation. For inputs it returns nil.
//
// Every formula is [tolerance.Gamma] of the count of roundings times the sum of the magnitudes that are added, plus the
// rounding of the stored result. Counts are generous by a few, so that scale factors may be formed beforehand and in
// whatever order.
func rounding(op backend.Op, before, after []*ref.Tensor) ([]*ref.Tensor, error) {
	return roundingBy(ref.Run, op, before, after)
}

// roundingBy is rounding with run in the place of ref.Run, for sums of magnitudes.
func roundingBy(run Computer, op backend.Op, before, after []*ref.Tensor) ([]*ref.Tensor, error) {
	bounds := make([]*ref.Tensor, len(after))
	for i, o := range op.Operands() {
		if o.Role != backend.In {
			bounds[i] = ref.New(o.Desc)
		}
	}
	switch o := op.(type) {
	case backend.Conv2D:
		return bounds, roundSums(run, o, convTerms(o), before, bounds)
	case backend.GlobalAvgPool:
		return bounds, roundSums(run, o, o.H*o.W, before, bounds)
	case backend.Reduce:
		return bounds, roundReduce(run, o, before, bounds)
	case backend.BatchNorm:
		roundBatchNorm(o, before, after, bounds)
	case backend.Activation:
		roundExact(after, bounds)
	case backend.Add:
		roundAdd(o, before, bounds[1])
	case backend.Dropout:
		roundFew(after[2], bounds[2])
	case backend.DropPath:
		roundFew(after[2], bounds[2])
	case backend.Fill:
		roundExact(after, bounds)
	case backend.Convert:
		roundConvert(o, before[0], bounds[1])
	case backend.SoftmaxCrossEntropy:
		roundSoftmaxCrossEntropy(o, before, after, bounds)
	case backend.ClassLoss:
		roundClassLoss(o, before, bounds)
	case backend.Guard:
		roundFew(after[len(after)-2], bounds[len(after)-2])
		roundFew(after[len(after)-1], bounds[len(after)-1])
	case backend.Update:
		roundUpdate(o, before, after, bounds)
	default:
		return nil, fmt.Errorf("no bound for %T", op)
	}
	for i, b := range bounds {
		if b != nil {
			addSpacing(b, after[i])
		}
	}
	return bounds, nil
}

// addSpacing adds what storing v does.
func addSpacing(bound, v *ref.Tensor) {
	f := formatOf(v.Desc.DType)
	for i := range bound.V {
		if !math.IsInf(v.V[i], 0) {
			bound.V[i] += f.Spacing(v.V[i])
		}
	}
}

// roundSums bounds operations whose outputs are sums of at most terms products, each of which is linear in every input: the
// exact operation on the magnitudes of the inputs gives the sums of magnitudes.
func roundSums(run Computer, op backend.Op, terms int, before, bounds []*ref.Tensor) error {
	operands := make([]*ref.Tensor, len(before))
	largest := 1.0 // of the finite factors, with which a flushed one may have been multiplied
	for i, t := range before {
		if bounds[i] != nil {
			operands[i] = bounds[i]
			continue
		}
		operands[i] = t.Clone()
		for j, v := range t.V {
			operands[i].V[j] = math.Abs(v)
			if a := math.Abs(v); a > largest && !math.IsInf(a, 0) {
				largest = a
			}
		}
	}
	if err := run(op, operands); err != nil {
		return err
	}
	for i, b := range bounds {
		if b == nil {
			continue
		}
		f := formatOf(op.Operands()[i].Desc.DType)
		for j, magnitude := range b.V {
			b.V[j] = tolerance.F32.Sum(terms+4, magnitude) + float64(terms)*tolerance.F32.Flush*largest + f.Spacing(magnitude)
		}
	}
	return nil
}

// convTerms returns the count of products in one sum of a convolution.
func convTerms(o backend.Conv2D) int {
	switch o.Pass {
	case backend.GradInput:
		return o.K / o.Groups * o.R * o.S
	case backend.GradWeight:
		return o.N * o.P() * o.Q()
	}
	return o.C / o.Groups * o.R * o.S
}

func roundReduce(run Computer, o backend.Reduce, before, bounds []*ref.Tensor) error {
	if o.Kind == backend.AllFinite {
		return nil // exact
	}
	return roundSums(run, o, o.Desc.Elements(), before, bounds)
}

// roundFilterGrads adds to the bounds of a convolution's gradients what storing them in the type of the activations does.
func roundFilterGrads(op backend.Op, exact, bounds []*ref.Tensor) {
	o, ok := op.(backend.Conv2D)
	if !ok || o.Pass != backend.GradWeight || o.DType == backend.F32 {
		return
	}
	f := formatOf(o.DType)
	for i, b := range bounds {
		if b == nil {
			continue
		}
		for j, v := range exact[i].V {
			b.V[j] += f.Spacing(v)
		}
	}
}

// roundBias adds to the bounds of a convolution with a bias what rounding the product and the bias does.
func roundBias(op backend.Op, exact, bounds []*ref.Tensor) {
	o, ok := op.(backend.Conv2D)
	if !ok || !o.Bias || o.Pass == backend.GradWeight || o.DType == backend.F32 {
		return
	}
	f := formatOf(o.DType)
	bias, y := exact[2], exact[3]
	for j, v := range y.V {
		b := bias.V[j%o.K]
		bounds[3].V[j] += f.Spacing(b) + f.Spacing(v-b)
	}
}

// saturate replaces float16 values beyond the largest by it.
func saturate(values []*ref.Tensor) {
	const largest = 65504
	for _, v := range values {
		if v.Desc.DType != backend.F16 {
			continue
		}
		for j, x := range v.V {
			v.V[j] = math.Min(math.Max(x, -largest), largest)
		}
	}
}

// roundExact bounds results that are one of the operation's inputs: nothing but what storing does, and with the element type
// of the input that is nothing but flushing.
func roundExact(after, bounds []*ref.Tensor) {
	for i := range bounds {
		if bounds[i] != nil {
			roundFew(after[i], bounds[i])
			for j := range bounds[i].V {
				bounds[i].V[j] = 0
			}
		}
	}
}

// roundFew bounds results of a few multiplications.
func roundFew(v, bound *ref.Tensor) {
	for i := range bound.V {
		bound.V[i] = 4 * unit * math.Abs(v.V[i])
	}
}

func roundAdd(o backend.Add, before []*ref.Tensor, bound *ref.Tensor) {
	for i := range bound.V {
		magnitude := math.Abs(float64(o.A) * before[0].V[i])
		if o.B != 0 {
			magnitude += math.Abs(float64(o.B) * before[1].V[i])
		}
		bound.V[i] = 3 * unit * magnitude
	}
}

// roundConvert bounds x/Std - Mean/Std; without Normalize the conversion is correctly rounded.
func roundConvert(o backend.Convert, x, bound *ref.Tensor) {
	if !o.Normalize {
		return
	}
	for i := range bound.V {
		c := i % o.From.C
		bound.V[i] = 4 * unit * (math.Abs(x.V[i]) + math.Abs(float64(o.Mean[c]))) / float64(o.Std[c])
	}
}
