//go:build cgo && linux

package ascend

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/model"
)

// The steps that are compared.
const (
	stepCount   = 5
	stepBatch   = 9
	stepSize    = 32
	stepClasses = 10

	stepMomentum = 0.9
)

var imageNet = model.Normalization{Mean: []float64{123.675, 116.28, 103.53}, Std: []float64{58.395, 57.12, 57.375}}

// network is a small MobileNetV2 on one device.
type network struct {
	params *model.Parameters
	state  *model.TrainState
	steps  *model.Training
}

func newNetwork(t *testing.T, b backend.Backend, width float64) *network {
	t.Helper()
	a, err := model.New(model.Config{Width: width, Classes: stepClasses, InChannels: 3, DropRate: 0.2})
	require.NoError(t, err)
	n := &network{}
	n.params, err = model.NewParameters(b, a, nil)
	require.NoError(t, err)
	require.NoError(t, n.params.Store(a.Init(1)))
	n.state, err = model.NewTrainState(n.params)
	require.NoError(t, err)
	n.steps, err = model.NewTraining(n.state, model.TrainingOptions{Batch: stepBatch, Size: stepSize, Normalization: imageNet,
		Smoothing: 0.1, Rule: backend.Momentum})
	require.NoError(t, err)
	return n
}

func (n *network) close(t *testing.T) {
	t.Helper()
	assert.NoError(t, n.steps.Close())
	assert.NoError(t, n.state.Close())
	assert.NoError(t, n.params.Close())
}

// take makes step number i, whose inputs depend on i alone.
func (n *network) take(t *testing.T, i int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(i), 5))
	images, labels := make([]byte, stepBatch*stepSize*stepSize*3), make([]int32, stepBatch)
	mask := make([]byte, n.steps.MaskLen())
	for j := range images {
		images[j] = byte(rng.Uint32())
	}
	for j := range labels {
		labels[j] = int32(rng.IntN(stepClasses))
	}
	for j := range mask {
		mask[j] = byte(min(rng.IntN(5), 1))
	}
	require.NoError(t, n.steps.Step(images, labels, mask, []model.Hyper{{LR: 0.001, WeightDecay: 4e-5, Momentum: stepMomentum}}))
}

// plain is a device that cannot tell by itself whether a step counts.
type plain struct{ *Device }

func (d plain) Compile(op backend.Op) (backend.Plan, error) {
	if _, isGuard := op.(backend.Guard); isGuard {
		return nil, backend.Unsupported(d.name, op, "left out")
	}
	return d.Device.Compile(op)
}

// TestLaunchesOfAStep counts what one training step asks of the vendor: the network, its loss and the update, and with the guard
// around them that skips what is not finite.
func TestLaunchesOfAStep(t *testing.T) {
	standIn(t, "Ascend910B1")
	for _, c := range []struct {
		name      string
		isGuarded bool
		most      int64
	}{{"plain", false, 320}, {"guarded", true, 320 + guardLaunches}} {
		t.Run(c.name, func(t *testing.T) {
			b, err := openFake()
			require.NoError(t, err)
			defer func() { assert.NoError(t, b.Close()) }()
			device := b.(*Device)
			if !c.isGuarded {
				b = plain{device}
			}
			n := newNetwork(t, b, 1)
			defer n.close(t)
			require.Equal(t, c.isGuarded, n.steps.Guarded())
			n.take(t, 0)
			before, plans := device.Counts(), device.c.Counts().Plans
			n.take(t, 1)
			after, isCounted := backend.CountsOf(b)
			require.True(t, isCounted, "as --profile asks")
			step := after.Since(before)
			t.Logf("a step: %d launches, %d of them planned anew", step.Launches, device.c.Counts().Plans-plans)
			assert.LessOrEqual(t, step.Launches, c.most)
			assert.Zero(t, step.Syncs, "nothing waits for the stream")
			losses := make([]float32, stepBatch)
			require.NoError(t, n.steps.Losses(losses))
			assert.Equal(t, after.Syncs+1, device.Counts().Syncs, "reading the loss waits once")
		})
	}
}

// guardLaunches is what a guard costs: one to keep the moving statistics and six to take them back, three to find what is not finite among the
// gradients, three for losses and statistics, seven to decide.
const guardLaunches = 20
