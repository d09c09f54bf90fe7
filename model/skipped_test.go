package model_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/model"
)

// everything is all that a step may change.
type everything struct {
	values, averages map[string][]float32
	slots            []map[string][]float32
}

func remember(t *testing.T, p *model.Parameters, s *model.TrainState) everything {
	t.Helper()
	var e everything
	var err error
	e.values, err = p.Load()
	require.NoError(t, err)
	e.averages, err = s.Averages().Load()
	require.NoError(t, err)
	for i := range s.Rule.States() {
		slot, err := s.Slot(i)
		require.NoError(t, err)
		e.slots = append(e.slots, slot)
	}
	return e
}

// training returns a network with all that steps can have, on generated pictures.
func training(t *testing.T, rule backend.Rule, o model.TrainingOptions) (*model.Parameters, *model.TrainState, *model.Training, model.Input) {
	t.Helper()
	p := placed(t)
	s, err := model.NewTrainStateOf(p, model.StateOptions{Rule: rule, Average: true})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	require.NoError(t, s.Averages().Store(p.Arch().Init(1)))
	o.Batch, o.Size, o.Normalization, o.Rule = testBatch, testSize, grey, rule
	tr, err := model.NewTraining(s, o)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, tr.Close()) })
	require.True(t, tr.Guarded())
	in := model.Input{Images: make([]byte, testBatch*testSize*testSize*3), Labels: []int32{1, 2}, Mask: make([]byte, tr.MaskLen()), First: true, Last: true, Decay: 0.9,
		Hyper: []model.Hyper{{LR: 0.01, Momentum: 0.9, Second: 0.99, Eps: 1e-6, FirstScale: 1, SecondScale: 1, GradShare: 0.5}, {LR: 0.01, Momentum: 0.9, Eps: 1}}}
	for i := range in.Images {
		in.Images[i] = byte(i*13 + i/7)
	}
	for i := range in.Mask {
		in.Mask[i] = 1
	}
	return p, s, tr, in
}

// A step whose gradients overflow changes no bit, under any optimizer: not of the weights, nor of moving statistics, moments, averages.
func TestSkippedStepChangesNothing(t *testing.T) {
	for rule := backend.Momentum; rule < backend.Blend; rule++ {
		t.Run(rule.String(), func(t *testing.T) {
			p, s, tr, in := training(t, rule, model.TrainingOptions{})
			require.NoError(t, tr.Take(in))
			before := remember(t, p, s)
			require.NoError(t, s.StoreHealth(model.Health{Scale: math.MaxFloat32}))
			require.NoError(t, tr.Take(in))
			h, err := s.Health()
			require.NoError(t, err)
			assert.Equal(t, model.Health{Scale: math.MaxFloat32, Skipped: 1, Run: 1}, h)
			assert.Equal(t, before, remember(t, p, s))
			fault, err := tr.FirstNotFinite()
			require.NoError(t, err)
			assert.Contains(t, fault, "the gradient of features.20.")
			assert.Equal(t, before, remember(t, p, s), "the search leaves everything as it is")

			require.NoError(t, s.StoreHealth(model.Health{Scale: 1}))
			require.NoError(t, tr.Take(in))
			after := remember(t, p, s)
			assert.NotEqual(t, before, after)
			assert.NotEqual(t, before.values["features.1.moving_mean"], after.values["features.1.moving_mean"])
			fault, err = tr.FirstNotFinite()
			require.NoError(t, err)
			assert.Empty(t, fault)
		})
	}
}

// A forward pass that overflows would leave infinite moving statistics behind.
func TestSkippedStepNamesTheBlock(t *testing.T) {
	p, s, tr, in := training(t, backend.Momentum, model.TrainingOptions{Clip: 1})
	values := p.Arch().Init(1)
	for i := range values["features.5.layers.0.weight"] {
		values["features.5.layers.0.weight"][i] = 1e30
	}
	require.NoError(t, p.Store(values))
	before := remember(t, p, s)
	require.NoError(t, tr.Take(in))
	assert.Equal(t, before, remember(t, p, s))
	fault, err := tr.FirstNotFinite()
	require.NoError(t, err)
	assert.Equal(t, "the statistics of the batch: features.5.layers.1.moving_variance", fault)

	for i := range values["features.5.layers.0.weight"] {
		values["features.5.layers.0.weight"][i] = math.MaxFloat32
	}
	require.NoError(t, p.Store(values))
	require.NoError(t, tr.Take(in))
	fault, err = tr.FirstNotFinite()
	require.NoError(t, err)
	assert.Equal(t, "the output of features.5", fault)

	values["features.6.layers.1.gamma"][0] = float32(math.NaN())
	require.NoError(t, p.Store(values))
	fault, err = tr.FirstNotFinite()
	require.NoError(t, err)
	assert.Equal(t, "the parameter features.6.layers.1.gamma", fault)
}

func TestLossScaleIsFound(t *testing.T) {
	_, s, tr, in := training(t, backend.Momentum, model.TrainingOptions{Window: 2})
	require.NoError(t, s.StoreHealth(model.Health{Scale: 1 << 20, Good: 1}))
	require.NoError(t, tr.Take(in))
	h, err := s.Health()
	require.NoError(t, err)
	assert.Equal(t, model.Health{Scale: 1 << 21}, h)
	require.NoError(t, s.StoreHealth(model.Health{Scale: math.MaxFloat32, Skipped: 3}))
	require.NoError(t, tr.Take(in))
	h, err = s.Health()
	require.NoError(t, err)
	assert.Equal(t, model.Health{Scale: math.MaxFloat32 / 2, Skipped: 4, Run: 1}, h)
}

// Soft targets that say the same as labels give the same weights.
func TestSoftTargets(t *testing.T) {
	var want map[string][]float32
	for _, soft := range []bool{false, true} {
		p, _, tr, in := training(t, backend.Momentum, model.TrainingOptions{Soft: soft, Smoothing: 0.1})
		if soft {
			in.Target = make([]float32, testBatch*classes)
			for i, label := range in.Labels {
				in.Target[i*classes+int(label)] = 1
			}
			in.Labels = nil
		}
		require.NoError(t, tr.Take(in))
		got, err := p.Load()
		require.NoError(t, err)
		if want == nil {
			want = got
		}
		assert.Equal(t, want, got)
	}
}

func TestStepsThatAreAddedUpWantAPlace(t *testing.T) {
	_, _, tr, in := training(t, backend.Momentum, model.TrainingOptions{})
	in.Last = false
	assert.ErrorContains(t, tr.Take(in), "not added up")
}
