package backendtest

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// profile says what kind of numbers the data of a case is: x, dy, logits and the like. Parameters are ordinary always.
type profile string

const (
	normal    profile = "normal"    // standard normal
	same      profile = "same"      // one number everywhere: zero variance
	edges     profile = "edges"     // many exact 0, -0, 6, and numbers beside them
	large     profile = "large"     // up to 1e9, whose cube is still finite
	subnormal profile = "subnormal" // below the smallest normal number
	nonFinite profile = "nonfinite" // a few NaN and infinities
	bigMean   profile = "bigmean"   // mean 300, deviation 1

	// Of updates and guards.
	skipped     profile = "skipped"      // gradients that are not finite, and an update that must ignore them
	lostLoss    profile = "lost-loss"    // a loss that is not finite
	lostSquares profile = "lost-squares" // a norm that is not finite
	doubling    profile = "doubling"     // the loss scale is about to be doubled
	smallest    profile = "smallest"     // skipped at the smallest loss scale
)

// generate returns numbers for the operands that op reads, rounded to their types, and nil for those it only writes.
func generate(rng *rand.Rand, op backend.Op, p profile) []*ref.Tensor {
	operands := op.Operands()
	values := make([]*ref.Tensor, len(operands))
	for i, o := range operands {
		if o.Role != backend.Out {
			values[i] = generateOne(rng, op, o, p)
		}
	}
	return values
}

func generateOne(rng *rand.Rand, op backend.Op, o backend.Operand, p profile) *ref.Tensor {
	t := ref.New(o.Desc)
	f := special(rng, op, o)
	switch op := op.(type) {
	case backend.Guard:
		f = guardNumbers(rng, op, o.Name, p)
	case backend.Update:
		if p == skipped {
			f = skippedNumbers(rng, o, f)
		}
	}
	if conv, ok := op.(backend.Conv2D); ok && conv.Pass == backend.GradWeight && o.Name == "dy" && p == nonFinite {
		p = normal // an infinite gradient beside zero padding would ask devices how they pad
	}
	if f == nil {
		f = p.numbers(rng, o.Desc)
	}
	for i := range t.V {
		t.V[i] = f(i)
	}
	return t.Round()
}

// special returns the numbers of operands that cannot be just any, by the last part of the name; nil for all others.
func special(rng *rand.Rand, op backend.Op, o backend.Operand) func(i int) float64 {
	switch o.Name[strings.LastIndex(o.Name, ".")+1:] {
	case "runvar", "invstd":
		return func(int) float64 { return 0.5 + rng.Float64() }
	case "gamma":
		return func(int) float64 { return math.Copysign(0.5+rng.Float64(), rng.Float64()-0.3) }
	case "beta", "runmean", "mean", "b":
		return func(int) float64 { return rng.NormFloat64() }
	case "w":
		spread := math.Sqrt(float64(o.Desc.C * o.Desc.H * o.Desc.W))
		if _, ok := op.(backend.Update); ok {
			spread = 1
		}
		return func(int) float64 { return rng.NormFloat64() / spread }
	case "mask":
		return func(int) float64 { return float64(rng.IntN(2)) }
	case "scale":
		return func(int) float64 { return 512 }
	case "hyper":
		return func(i int) float64 {
			return [...]float64{0.1, 4e-5, 0.9, 1.0 / 512, 0.99, 1e-6, 1.5, 2.5, 0.25, 0.05}[i]
		}
	case "ends":
		return tensorEnds(rng, op.(backend.Update))
	case "s":
		return func(int) float64 { return 1e-3 + math.Abs(rng.NormFloat64()) } // a sum of squares
	case "v":
		if o, ok := op.(backend.Update); ok && o.Rule == backend.Adagrad {
			return func(int) float64 { return 0.1 + math.Abs(rng.NormFloat64()) }
		}
	case "y":
		if _, ok := op.(backend.Activation); ok {
			return func(int) float64 { return min(max(3+4*rng.NormFloat64(), 0), 6) }
		}
	case "labels", "target":
		if o, ok := op.(backend.ClassLoss); ok {
			return targets(rng, backend.SoftmaxCrossEntropy{C: o.C, Soft: true})
		}
		return targets(rng, op.(backend.SoftmaxCrossEntropy))
	}
	return nil
}

// tensorEnds returns where the tensors of a range end, at random but for the last.
func tensorEnds(rng *rand.Rand, op backend.Update) func(i int) float64 {
	ends := rng.Perm(op.Elements)[:op.Tensors]
	for i := range ends {
		ends[i]++
	}
	slices.Sort(ends)
	ends[op.Tensors-1] = op.Elements
	return func(i int) float64 { return float64(ends[i]) }
}

// targets returns labels, one in five of them padding, or rows of probabilities.
func targets(rng *rand.Rand, op backend.SoftmaxCrossEntropy) func(i int) float64 {
	if !op.Soft {
		return func(i int) float64 {
			if i%5 == 4 {
				return -1
			}
			return float64(rng.IntN(op.C))
		}
	}
	row, sum := make([]float64, op.C), 0.0
	return func(i int) float64 {
		if i%op.C == 0 {
			sum = 0
			for c := range row {
				row[c] = rng.ExpFloat64()
				sum += row[c]
			}
		}
		return row[i%op.C] / sum
	}
}

// numbers returns the numbers of the profile for a tensor.
func (p profile) numbers(rng *rand.Rand, d backend.Desc) func(i int) float64 {
	switch {
	case d.DType == backend.U8:
		return func(int) float64 { return float64(rng.IntN(256)) }
	case d.DType == backend.I32:
		return func(int) float64 { return float64(rng.IntN(2000) - 1000) }
	}
	switch p {
	case same:
		return func(int) float64 { return 1.25 }
	case edges:
		list := []float64{0, math.Copysign(0, -1), 6, 0x1p-20, -0x1p-20, 5.99, 6.01, 3, -3, 100, -100}
		return func(int) float64 { return list[rng.IntN(len(list))] }
	case large:
		top := 9.0
		if d.DType == backend.F16 {
			top = 2
		}
		return func(int) float64 { return rng.NormFloat64() * math.Pow(10, top*rng.Float64()) }
	case subnormal:
		low := 0x1p-135
		if d.DType == backend.F16 {
			low = 0x1p-18
		}
		return func(int) float64 { return rng.NormFloat64() * low }
	case nonFinite:
		return func(i int) float64 {
			if i%37 == 5 {
				return [...]float64{math.NaN(), math.Inf(1), math.Inf(-1)}[i/37%3]
			}
			return rng.NormFloat64()
		}
	case bigMean:
		return func(int) float64 { return 300 + rng.NormFloat64() }
	}
	return func(int) float64 { return rng.NormFloat64() }
}
