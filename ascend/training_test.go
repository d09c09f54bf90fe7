//go:build cgo && linux

package ascend

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/cpu"
	"mnv2/model"
)

// The steps that are compared.
const (
	stepCount   = 5
	stepBatch   = 8
	stepSize    = 32
	stepClasses = 10
)

var imageNet = model.Normalization{Mean: []float64{123.675, 116.28, 103.53}, Std: []float64{58.395, 57.12, 57.375}}

// network is a small MobileNetV2 on one device.
type network struct {
	params *model.Parameters
	state  *model.TrainState
	steps  *model.Training
}

func newNetwork(t *testing.T, b backend.Backend, width float64, values map[string][]float32) *network {
	t.Helper()
	a, err := model.New(model.Config{Width: width, Classes: stepClasses, InChannels: 3, DropRate: 0.2})
	require.NoError(t, err)
	n := &network{}
	n.params, err = model.NewParameters(b, a, nil)
	require.NoError(t, err)
	if values == nil {
		values = a.Init(1)
	}
	require.NoError(t, n.params.Store(values))
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
	require.NoError(t, n.steps.Step(images, labels, mask, []model.Hyper{{LR: 0.001, WeightDecay: 4e-5, Momentum: 0.9}}))
}

// train opens a device, makes the steps and returns the parameters.
func train(t *testing.T, open func() (backend.Backend, error), width float64, values map[string][]float32) map[string][]float32 {
	t.Helper()
	b, err := open()
	require.NoError(t, err)
	defer func() { assert.NoError(t, b.Close()) }()
	n := newNetwork(t, b, width, values)
	defer n.close(t)
	for i := range stepCount {
		n.take(t, i)
	}
	after, err := n.params.Load()
	require.NoError(t, err)
	return after
}

func openCPU() (backend.Backend, error)  { return cpu.Open(cpu.Options{Threads: 1}) }
func openFake() (backend.Backend, error) { return Open(0, Options{}) }

// nudged returns the initial values, every weight moved by one unit in its last place, up or down.
func nudged(t *testing.T, width float64) map[string][]float32 {
	t.Helper()
	a, err := model.New(model.Config{Width: width, Classes: stepClasses, InChannels: 3, DropRate: 0.2})
	require.NoError(t, err)
	values, rng := a.Init(1), rand.New(rand.NewPCG(7, 7))
	for _, p := range a.Params() {
		for i, v := range values[p.Name] {
			values[p.Name][i] = math.Nextafter32(v, v+float32(rng.IntN(3)-1))
		}
	}
	return values
}

// distance is the length of the difference over all parameters.
func distance(a, b map[string][]float32) float64 {
	sum := 0.0
	for name, v := range a {
		for i, x := range v {
			d := float64(x) - float64(b[name][i])
			sum += d * d
		}
	}
	return math.Sqrt(sum)
}

// roundings is by how much two runs that round every operation differently may differ more than two that differ in the last
// bit of the initial weights alone: 52 layers round forward and backward, each about as much as one such change.
const roundings = 2 * 52

// TestTrainingEqualsTheCPU takes five steps on both devices, with every width of the recipes, and again for the same bits.
func TestTrainingEqualsTheCPU(t *testing.T) {
	standIn(t, "Ascend910B1")
	for _, width := range []float64{0.75, 1.0, 1.4} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			want := train(t, openCPU, width, nil)
			allowed := roundings * distance(want, train(t, openCPU, width, nudged(t, width)))
			got := train(t, openFake, width, nil)
			off := distance(want, got)
			t.Logf("the parameters differ by %.3g, allowed are %.3g", off, allowed)
			assert.Less(t, off, allowed)
			assert.Equal(t, got, train(t, openFake, width, nil), "again, to the bit")
		})
	}
}

// TestLaunchesOfAStep counts what one training step asks of the vendor.
func TestLaunchesOfAStep(t *testing.T) {
	standIn(t, "Ascend910B1")
	b, err := openFake()
	require.NoError(t, err)
	defer func() { assert.NoError(t, b.Close()) }()
	n := newNetwork(t, b, 1, nil)
	defer n.close(t)
	n.take(t, 0)
	before := b.(*Device).Counts()
	n.take(t, 1)
	after := b.(*Device).Counts()
	launches, plans := after.Launches-before.Launches, after.Plans-before.Plans
	t.Logf("a step: %d launches, %d of them planned anew", launches, plans)
	assert.LessOrEqual(t, launches, int64(330))
	assert.Zero(t, after.Syncs-before.Syncs, "nothing waits for the stream")
	losses := make([]float32, stepBatch)
	require.NoError(t, n.steps.Losses(losses))
	assert.Equal(t, after.Syncs+1, b.(*Device).Counts().Syncs, "reading the loss waits once")
}
