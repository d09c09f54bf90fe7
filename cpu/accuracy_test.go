package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

// The sums here are long; each must come out at least as well as a plain loop in float32 does it.

// fillNormal puts normally distributed numbers around mean into operand i.
func (f *fixture) fillNormal(rng *rand.Rand, i int, mean float64) []float32 {
	numbers := slab[float32](f.tensors[i].Buf.(*buffer).mem)
	for j := range numbers {
		numbers[j] = float32(rng.NormFloat64() + mean)
	}
	return numbers
}

func (f *fixture) numbers(i int) []float32 { return slab[float32](f.tensors[i].Buf.(*buffer).mem) }

// deviation adds up squared differences.
type deviation struct{ ours, plain float64 }

func (d *deviation) add(want float64, ours, plain float32) {
	d.ours += (float64(ours) - want) * (float64(ours) - want)
	d.plain += (float64(plain) - want) * (float64(plain) - want)
}

func TestPointwiseAccuracy(t *testing.T) {
	op := backend.Conv2D{Pass: backend.Forward, DType: backend.F32, Layout: backend.NCHW8c, N: 1, H: 7, W: 7, C: 960, K: 16,
		R: 1, S: 1, Stride: 1, Groups: 1}
	f := newCase(t, 1, op)
	rng := rand.New(rand.NewPCG(5, 6))
	x, w := f.fillNormal(rng, 0, 0), f.fillNormal(rng, 1, 0)
	f.run(t)
	y := f.numbers(2)
	var d deviation
	for p := range 49 {
		for k := range op.K {
			exact, plain := 0.0, float32(0)
			for c := range op.C {
				a, b := x[op.In().Index(0, p/7, p%7, c)], w[k*op.C+c]
				exact += float64(a) * float64(b)
				plain += a * b
			}
			d.add(exact, y[op.Out().Index(0, p/7, p%7, k)], plain)
		}
	}
	require.Less(t, d.ours, d.plain)
}

func TestGradWeightAccuracy(t *testing.T) {
	op := backend.Conv2D{Pass: backend.GradWeight, DType: backend.F32, Layout: backend.NCHW8c, N: 4, H: 28, W: 28, C: 8, K: 8,
		R: 1, S: 1, Stride: 1, Groups: 1}
	f := newCase(t, 1, op)
	rng := rand.New(rand.NewPCG(5, 7))
	x, dy := f.fillNormal(rng, 0, 1), f.fillNormal(rng, 1, 1)
	f.run(t)
	var d deviation
	for i, got := range f.numbers(2) {
		exact, plain := 0.0, float32(0)
		for p := range len(x) / lanes {
			a, b := dy[p*lanes+i/lanes], x[p*lanes+i%lanes]
			exact += float64(a) * float64(b)
			plain += a * b
		}
		d.add(exact, got, plain)
	}
	require.Less(t, d.ours, d.plain/100, "float64 across runs of %d pixels", gradRun)
}

// TestVarianceAccuracy has a mean three thousand deviations away, where E[x*x] - E[x]*E[x] in float32 is noise.
func TestVarianceAccuracy(t *testing.T) {
	op := backend.BatchNorm{Pass: backend.Forward, DType: backend.F32, Layout: backend.NCHW8c, N: 3, H: 33, W: 33, C: 8, Eps: 1e-5, Momentum: 0.1}
	f := newCase(t, 2, op)
	x := f.fillNormal(rand.New(rand.NewPCG(5, 8)), 0, 3000)
	f.run(t)
	count := float64(len(x) / lanes)
	for c := range lanes {
		mean, variance := 0.0, 0.0
		for i := c; i < len(x); i += lanes {
			mean += float64(x[i]) / count
		}
		for i := c; i < len(x); i += lanes {
			variance += (float64(x[i]) - mean) * (float64(x[i]) - mean) / count
		}
		require.Equal(t, float32(mean), f.numbers(5)[c])
		require.InEpsilon(t, 1/math.Sqrt(variance+1e-5), f.numbers(6)[c], 1e-6)
	}
}
