package backendtest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// What is expected outside of tests is what the suite expects, with the reference's own error on top.
func TestExpectAgreesWithTheSuite(t *testing.T) {
	op := backend.Conv2D{Pass: backend.Forward, DType: backend.F16, Layout: backend.NCHW, N: 2, H: 5, W: 5, C: 8, K: 6, R: 3, S: 3, Stride: 1, Pad: 1, Groups: 1}
	single := op
	single.DType, single.Layout = backend.F32, backend.NHWC
	e, err := Expect(op, single, Options{}, ref.Run)
	require.NoError(t, err)
	values := []*ref.Tensor{e.Values["x"], e.Values["w"], nil}
	exact, bounds, err := expect(op, values)
	require.NoError(t, err)
	assert.Equal(t, exact[2].V, e.Exact["y"].V)
	for i, b := range bounds[2].V {
		assert.Greater(t, e.Bounds["y"].V[i], b)
		assert.Less(t, e.Bounds["y"].V[i], 1.1*b+1e-4)
	}
	half, err := Expect(op, single, Options{HalfBias: true, HalfFilterGrads: true, Saturates: true}, ref.Run)
	require.NoError(t, err)
	assert.Equal(t, e.Bounds, half.Bounds, "neither a bias nor a gradient is among them")
}

func TestCompareNamesTheWorstOperand(t *testing.T) {
	op := backend.BatchNorm{Pass: backend.Forward, DType: backend.F32, Layout: backend.NCHW, N: 2, H: 3, W: 3, C: 4, Eps: 1e-5, Momentum: 0.1}
	e, err := Expect(op, op, Options{}, ref.Run)
	require.NoError(t, err)
	got := map[string]*ref.Tensor{}
	for name, v := range e.Exact {
		got[name] = v.Clone()
	}
	worst, _, err := e.Compare(got)
	require.NoError(t, err)
	assert.True(t, worst.OK())
	got["invstd"].V[2] *= 1.001
	worst, name, err := e.Compare(got)
	require.NoError(t, err)
	assert.False(t, worst.OK())
	assert.Equal(t, "invstd", name)
	assert.Equal(t, 2, worst.Worst)
}

func TestCompareMostLetsAFewStray(t *testing.T) {
	v := func(x ...float64) *ref.Tensor { return &ref.Tensor{Desc: backend.Vec(backend.F32, len(x)), V: x} }
	ones := func(x float64, n int) []float64 {
		list := make([]float64, n)
		for i := range list {
			list[i] = x
		}
		return list
	}
	e := Expected{Exact: map[string]*ref.Tensor{"y": v(ones(1, 200)...)}, Bounds: map[string]*ref.Tensor{"y": v(ones(0.1, 200)...)}}
	for _, c := range []struct {
		strays int
		by     float64
		ok     bool
	}{{0, 0, true}, {2, 0.5, true}, {3, 0.5, false}, {2, 5, false}} {
		got := v(ones(1, 200)...)
		for i := range c.strays {
			got.V[i] += c.by
		}
		worst, name, ok, err := e.CompareMost(map[string]*ref.Tensor{"y": got})
		require.NoError(t, err)
		assert.Equal(t, c.ok, ok, "%d by %g: %v", c.strays, c.by, worst)
		assert.Equal(t, "y", name)
		assert.Equal(t, c.strays, worst.Wrong)
	}
}

// A trial runs the same twice, whatever the operation does to its operands.
func TestTrialStartsFromTheSameNumbers(t *testing.T) {
	b, op := newMock(faults{}), backend.Add{Desc: backend.Vec(backend.F32, 5), A: 1, B: 1}
	plan, err := backend.Compile(b, op)
	require.NoError(t, err)
	e, err := Expect(op, op, Options{}, ref.Run)
	require.NoError(t, err)
	trial, err := NewTrial(b, e.Values, plan)
	require.NoError(t, err)
	once, numbers, err := trial.Run()
	require.NoError(t, err)
	worst, _, err := e.Compare(numbers)
	require.NoError(t, err)
	assert.True(t, worst.OK(), worst)
	again, _, err := trial.Run()
	require.NoError(t, err)
	assert.Equal(t, once, again)
	require.NoError(t, trial.Call(0))
	require.NoError(t, trial.Close())
	require.NoError(t, b.Close(), "nothing is left")
}
