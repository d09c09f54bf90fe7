//go:build cgo && linux

package cuda

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/model"
)

// lossScale keeps small gradients within float16's range, and the sums over a few small pictures below its largest number.
const lossScale = 32

// overfit trains with activations of a type, on one batch again and again, and returns the mean loss of each step and the parameters.
func overfit(t *testing.T, open opener, dtype backend.DType, steps int) ([]float64, map[string][]float32) {
	t.Helper()
	b, err := open()
	require.NoError(t, err)
	defer func() { assert.NoError(t, b.Close()) }()
	s := shape{0.35, 32, 8}
	a, err := model.New(model.Config{Width: s.width, Classes: stepClasses, InChannels: 3})
	require.NoError(t, err)
	params, err := model.NewParameters(b, a, nil)
	require.NoError(t, err)
	defer func() { assert.NoError(t, params.Close()) }()
	require.NoError(t, params.Store(a.Init(1)))
	state, err := model.NewTrainState(params)
	require.NoError(t, err)
	defer func() { assert.NoError(t, state.Close()) }()
	net, err := model.NewTraining(state, model.TrainingOptions{Batch: s.batch, Size: s.size, DType: dtype, Normalization: imageNet, Rule: backend.Momentum})
	require.NoError(t, err)
	defer func() { assert.NoError(t, net.Close()) }()
	require.NoError(t, state.StoreHealth(model.Health{Scale: lossScale}))
	images, labels := make([]byte, s.batch*s.size*s.size*3), make([]int32, s.batch)
	for i := range images {
		images[i] = byte(i * i >> 3 * (1 + i/(s.size*s.size*3)))
	}
	for i := range labels {
		labels[i] = int32(i)
	}
	var means []float64
	losses := make([]float32, s.batch)
	for range steps {
		require.NoError(t, net.Step(images, labels, nil, []model.Hyper{{LR: 0.005, Momentum: 0.9}}))
		require.NoError(t, net.Losses(losses))
		mean := 0.0
		for _, l := range losses {
			mean += float64(l) / float64(s.batch)
		}
		means = append(means, mean)
	}
	after, err := params.Load()
	require.NoError(t, err)
	return means, after
}

// TestHalfPrecisionLearns overfits eight pictures with activations in half precision.
func TestHalfPrecisionLearns(t *testing.T) {
	standIn(t)
	testHalf(t, openFake, 10)
}

// testHalf wants the first loss, which no step has touched yet, to be the CPU's but for the rounding of 53 layers, the last to have
// fallen as the CPU's has, but for a tenth of the first or as much as rounding may do to that, and the same bits again.
func testHalf(t *testing.T, open opener, steps int) {
	want, _ := overfit(t, openCPU, backend.F32, steps)
	last := steps - 1
	for dtype, unit := range map[backend.DType]float64{backend.F16: 0x1p-11, backend.BF16: 0x1p-8} {
		t.Run(dtype.String(), func(t *testing.T) {
			losses, _ := overfit(t, open, dtype, steps)
			t.Logf("loss %.4f, the CPU's %.4f, then %.4f, the CPU's %.4f", losses[0], want[0], losses[last], want[last])
			assert.InDelta(t, want[0], losses[0], want[0]*53*unit)
			assert.Less(t, losses[last], 0.8*losses[0])
			assert.InDelta(t, want[last], losses[last], max(0.1, 53*unit)*losses[0])
			_, one := overfit(t, open, dtype, 2)
			_, other := overfit(t, open, dtype, 2)
			assert.Equal(t, one, other, "again, to the bit")
		})
	}
}
