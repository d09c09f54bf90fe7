//go:build cgo && linux

package ascend

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/model"
)

// lossScale keeps small gradients within float16's range. The recipes' 1024 is for larger pictures and batches: here the sums
// over eight small pictures would go beyond 65504.
const lossScale = 32

// halfSteps trains with activations of a type, on one batch again and again, and returns the mean loss of each step.
func halfSteps(t *testing.T, b backend.Backend, dtype backend.DType, steps int) []float64 {
	t.Helper()
	a, err := model.New(model.Config{Width: 0.35, Classes: stepClasses, InChannels: 3})
	require.NoError(t, err)
	params, err := model.NewParameters(b, a, nil)
	require.NoError(t, err)
	defer func() { assert.NoError(t, params.Close()) }()
	require.NoError(t, params.Store(a.Init(1)))
	state, err := model.NewTrainState(params)
	require.NoError(t, err)
	defer func() { assert.NoError(t, state.Close()) }()
	net, err := model.NewTraining(state, model.TrainingOptions{Batch: 8, Size: stepSize, DType: dtype, Normalization: imageNet, Rule: backend.Momentum})
	require.NoError(t, err)
	defer func() { assert.NoError(t, net.Close()) }()
	require.NoError(t, state.StoreHealth(model.Health{Scale: lossScale}))
	images, labels := make([]byte, 8*stepSize*stepSize*3), make([]int32, 8)
	for i := range images {
		images[i] = byte(i * i >> 3 * (1 + i/(stepSize*stepSize*3)))
	}
	for i := range labels {
		labels[i] = int32(i)
	}
	var means []float64
	losses := make([]float32, 8)
	for range steps {
		require.NoError(t, net.Step(images, labels, nil, []model.Hyper{{LR: 0.005, Momentum: stepMomentum}}))
		require.NoError(t, net.Losses(losses))
		mean := 0.0
		for _, l := range losses {
			mean += float64(l) / 8
		}
		means = append(means, mean)
	}
	return means
}

// TestHalfPrecisionLearns overfits eight pictures with activations in half precision. The first loss, which no
// step has touched yet, must be the CPU's but for the rounding of 53 layers; the last must be small.
func TestHalfPrecisionLearns(t *testing.T) {
	c, err := openCPU()
	require.NoError(t, err)
	defer func() { assert.NoError(t, c.Close()) }()
	want := halfSteps(t, c, backend.F32, 1)[0]
	for _, c := range []struct {
		soc   string
		dtype backend.DType
		unit  float64 // of rounding
	}{{"Ascend910B1", backend.F16, 0x1p-11}, {"Ascend910B1", backend.BF16, 0x1p-8}, {"Ascend910A", backend.F16, 0x1p-11}} {
		t.Run(c.soc+" "+c.dtype.String(), func(t *testing.T) {
			standIn(t, c.soc)
			b, err := openFake()
			require.NoError(t, err)
			defer func() { assert.NoError(t, b.Close()) }()
			losses := halfSteps(t, b, c.dtype, 20)
			t.Logf("loss %.4f, the CPU's %.4f, then %.4f", losses[0], want, losses[len(losses)-1])
			assert.InDelta(t, want, losses[0], want*53*c.unit)
			assert.Less(t, losses[len(losses)-1], losses[0]/4)
		})
	}
}
