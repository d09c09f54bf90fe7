//go:build cgo && linux

package ascend

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/model"
)

// TestGuardedSteps lets a step overflow by a loss scale that is too large: nothing but the scale may change, the layer can be
// named, and the steps after it count. The gradient's norm, limited, is the CPU's, whatever the scale.
func TestGuardedSteps(t *testing.T) {
	for _, c := range []struct {
		soc      string
		dtype    backend.DType
		near     float64 // of the norm
		tooLarge float64
	}{{"Ascend910B1", backend.F32, 1e-3, math.MaxFloat32}, {"Ascend910A", backend.F16, 0.05, 1 << 30}} { // half precision and the kinks behind it
		t.Run(c.soc, func(t *testing.T) {
			standIn(t, c.soc)
			b, err := openFake()
			require.NoError(t, err)
			defer func() { assert.NoError(t, b.Close()) }()
			n := newGuarded(t, b, c.dtype)
			defer n.close(t)
			require.NoError(t, n.state.StoreHealth(model.Health{Scale: 8, Good: 1}))
			n.take(t, 0)
			first := n.health(t)
			assert.Equal(t, 0, first.Skipped)
			assert.EqualValues(t, 16, first.Scale, "the window of two steps is full")
			assert.InEpsilon(t, cpuNorm(t), first.Norm, c.near)

			before := n.moment(t)
			require.NoError(t, n.state.StoreHealth(model.Health{Scale: c.tooLarge}))
			n.take(t, 1)
			skipped := n.health(t)
			assert.Equal(t, 1, skipped.Skipped)
			assert.Equal(t, 1, skipped.Run)
			assert.EqualValues(t, float32(c.tooLarge/2), skipped.Scale)
			after := n.moment(t)
			assert.Equal(t, before.values, after.values)
			assert.Equal(t, before.velocity, after.velocity)
			if c.dtype == backend.F32 { // where overflow saturates, no number shows it
				layer, err := n.steps.FirstNotFinite()
				require.NoError(t, err)
				assert.NotEmpty(t, layer)
				t.Log("at fault:", layer)
			}

			require.NoError(t, n.state.StoreHealth(model.Health{Scale: 8, Skipped: 1, Run: 1}))
			n.take(t, 2)
			last := n.health(t)
			assert.Equal(t, model.Health{Scale: 8, Good: 1, Skipped: 1, Norm: last.Norm}, last)
			assert.NotEqual(t, before.values, n.moment(t).values)
		})
	}
}

// newGuarded is a network whose gradients are limited and whose loss scale is found on the way.
func newGuarded(t *testing.T, b backend.Backend, dtype backend.DType) *network {
	t.Helper()
	a, err := model.New(model.Config{Width: 0.35, Classes: stepClasses, InChannels: 3})
	require.NoError(t, err)
	n := &network{}
	n.params, err = model.NewParameters(b, a, nil)
	require.NoError(t, err)
	require.NoError(t, n.params.Store(a.Init(1)))
	n.state, err = model.NewTrainState(n.params)
	require.NoError(t, err)
	n.steps, err = model.NewTraining(n.state, model.TrainingOptions{Batch: stepBatch, Size: stepSize, Normalization: imageNet,
		Smoothing: 0.1, Rule: backend.Momentum, DType: dtype, Clip: 0.5, Window: 2})
	require.NoError(t, err)
	require.True(t, n.steps.Guarded())
	return n
}

func (n *network) health(t *testing.T) model.Health {
	t.Helper()
	h, err := n.state.Health()
	require.NoError(t, err)
	return h
}

// cpuNorm is the norm of the first gradient on the CPU.
func cpuNorm(t *testing.T) float64 {
	t.Helper()
	b, err := openCPU()
	require.NoError(t, err)
	defer func() { assert.NoError(t, b.Close()) }()
	n := newGuarded(t, b, backend.F32)
	defer n.close(t)
	n.take(t, 0)
	return n.health(t).Norm
}
