package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/cpu"
	"mnv2/model"
)

const (
	testBatch = 2
	testSize  = 32
	classes   = 10
)

var grey = model.Normalization{Mean: []float64{128, 128, 128}, Std: []float64{64, 64, 64}}

// placed returns the smallest network on the CPU, with parameters in two groups.
func placed(t *testing.T) *model.Parameters {
	t.Helper()
	device, err := cpu.Open(cpu.Options{Threads: 1})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, device.Close()) })
	a, err := model.New(model.Config{Width: 0.1, Classes: classes, InChannels: 3, DropRate: 0.2})
	require.NoError(t, err)
	p, err := model.NewParameters(device, a, func(q model.Param) int {
		if q.Kind == model.ConvWeight {
			return 0
		}
		return 1
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	require.NoError(t, p.Store(a.Init(1)))
	return p
}

func TestParametersComeBack(t *testing.T) {
	p := placed(t)
	got, err := p.Load()
	require.NoError(t, err)
	assert.Equal(t, p.Arch().Init(1), got)
	require.Len(t, p.Groups(), 2)
	assert.Equal(t, p.Groups()[0].Len, p.Groups()[1].Off, "groups lie one after the other")
}

func TestStoreRefuses(t *testing.T) {
	p := placed(t)
	assert.ErrorContains(t, p.Store(map[string][]float32{"features.1.gamma": {1}}), "features.1.gamma")
	assert.ErrorContains(t, p.Store(map[string][]float32{"fc.weight": {1}}), "not parameters")
}

func TestInference(t *testing.T) {
	p := placed(t)
	for _, fuse := range []backend.Fuse{backend.FuseAuto, backend.FuseOff} {
		net, err := model.NewInference(p, model.InferenceOptions{Batch: testBatch, Size: testSize, Normalization: grey, Fuse: fuse})
		require.NoError(t, err)
		images := make([]byte, testBatch*testSize*testSize*3)
		for i := range images {
			images[i] = byte(i*7 + i/5)
		}
		both, first := make([]float32, testBatch*classes), make([]float32, classes)
		require.NoError(t, net.Logits(both, images, testBatch))
		require.NoError(t, net.Logits(first, images, 1))
		assert.Equal(t, both[:classes], first, "an image's scores do not depend on what else is in the batch")
		assert.NotEqual(t, both[:classes], both[classes:])
		assert.Zero(t, testing.AllocsPerRun(3, func() { _ = net.Logits(both, images, testBatch) }), "allocations with fuse %v", fuse)

		assert.ErrorContains(t, net.Logits(both, images, 3), "want 1 to 2")
		assert.ErrorContains(t, net.Logits(both, images[:10], 1), "bytes")
		assert.ErrorContains(t, net.Logits(both[:5], images, 1), "scores")
		require.NoError(t, net.Close())
	}
}

func TestPrepareTakesNewParameters(t *testing.T) {
	p := placed(t)
	net, err := model.NewInference(p, model.InferenceOptions{Batch: 1, Size: testSize, Normalization: grey})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, net.Close()) })
	images, before, after := make([]byte, testSize*testSize*3), make([]float32, classes), make([]float32, classes)
	require.NoError(t, net.Logits(before, images, 1))
	require.NoError(t, p.Store(p.Arch().Init(2)))
	require.NoError(t, net.Prepare())
	require.NoError(t, net.Logits(after, images, 1))
	assert.NotEqual(t, before, after)
}

func newTraining(t *testing.T, p *model.Parameters) (*model.TrainState, *model.Training) {
	t.Helper()
	s, err := model.NewTrainState(p)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	tr, err := model.NewTraining(s, model.TrainingOptions{Batch: testBatch, Size: testSize, Normalization: grey, Rule: backend.Momentum})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, tr.Close()) })
	return s, tr
}

func TestTrainingStep(t *testing.T) {
	p := placed(t)
	s, tr := newTraining(t, p)
	images, labels := make([]byte, testBatch*testSize*testSize*3), []int32{1, 2}
	for i := range images {
		images[i] = byte(i*13 + i/7)
	}
	mask := make([]byte, tr.MaskLen())
	for i := range mask {
		mask[i] = 1
	}
	hyper := []model.Hyper{{LR: 0.1, Momentum: 0.9, WeightDecay: 1e-4}, {LR: 0}}
	require.NoError(t, tr.Step(images, labels, mask, hyper))
	after, err := p.Load()
	require.NoError(t, err)
	start := p.Arch().Init(1)
	assert.NotEqual(t, start["features.0.weight"], after["features.0.weight"])
	assert.Equal(t, start["features.1.gamma"], after["features.1.gamma"], "a group whose rate is 0 stays")
	losses := make([]float32, testBatch)
	require.NoError(t, tr.Losses(losses))
	assert.InDelta(t, 2.3, losses[0], 0.7)
	grads, err := s.Gradients()
	require.NoError(t, err)
	assert.Len(t, grads, 158)
	assert.Zero(t, testing.AllocsPerRun(3, func() { _ = tr.Step(images, labels, mask, hyper) }))
	assert.Positive(t, tr.Memory())

	assert.ErrorContains(t, tr.Step(images[:5], labels, mask, hyper), "bytes of images")
	assert.ErrorContains(t, tr.Step(images, labels, mask, hyper[:1]), "groups")
	assert.ErrorContains(t, tr.Losses(losses[:1]), "room")
}

// The loss scale multiplies the gradients on their way and is divided out before the update: powers of two change nothing.
func TestLossScale(t *testing.T) {
	var want map[string][]float32
	for _, scale := range []float64{1, 1024} {
		p := placed(t)
		s, tr := newTraining(t, p)
		require.NoError(t, s.StoreHealth(model.Health{Scale: scale}))
		images, mask := make([]byte, testBatch*testSize*testSize*3), make([]byte, tr.MaskLen())
		for i := range images {
			images[i] = byte(i*13 + i/7)
		}
		require.NoError(t, tr.Step(images, []int32{1, 2}, mask, []model.Hyper{{LR: 0.1}, {LR: 0.1}}))
		got, err := p.Load()
		require.NoError(t, err)
		if want == nil {
			want = got
		}
		assert.Equal(t, want, got, "loss scale %g", scale)
	}
}

func TestVelocityComesBack(t *testing.T) {
	p := placed(t)
	s, _ := newTraining(t, p)
	values := map[string][]float32{}
	for name, v := range p.Arch().Init(3) {
		values[name] = v
	}
	require.NoError(t, s.StoreVelocity(values))
	got, err := s.Velocity()
	require.NoError(t, err)
	assert.Equal(t, values["features.0.weight"], got["features.0.weight"])
	assert.NotContains(t, got, "features.1.moving_mean")
	assert.ErrorContains(t, s.StoreVelocity(map[string][]float32{"features.0.weight": {1}}), "features.0.weight")
}
