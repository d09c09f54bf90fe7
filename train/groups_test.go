package train

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/model"
	"mnv2/weights"
)

func smallest(t *testing.T) *model.Arch {
	t.Helper()
	a, err := model.New(model.Config{Width: 0.35, Classes: 10, InChannels: 3})
	require.NoError(t, err)
	return a
}

// TestLayerDecayFollowsMindCV: testdata/golden/make_layer_decay.py.
func TestLayerDecayFollowsMindCV(t *testing.T) {
	text, err := os.ReadFile("../testdata/golden/layer_decay.json")
	require.NoError(t, err)
	want := map[string][2]any{}
	require.NoError(t, json.Unmarshal(text, &want))
	g, err := Grouping{DecayFilter: "disable", LayerDecay: 0.5}.groups(smallest(t), 1)
	require.NoError(t, err)
	require.Len(t, g.of, len(want))
	for name, w := range want {
		got := g.list[g.of[name]]
		assert.Equal(t, w, [2]any{got.share, got.decays}, name)
	}
}

// MindCV's weight_decay_filter: 158, 54 and 53 of MobileNetV2's tensors decay.
func TestDecayFilters(t *testing.T) {
	for filter, want := range map[string]int{"disable": 158, "auto": 54, "norm_and_bias": 53} {
		g, err := Grouping{DecayFilter: filter}.groups(smallest(t), 1)
		require.NoError(t, err)
		count := 0
		for _, at := range g.of {
			if g.list[at].decays {
				count++
			}
		}
		assert.Equal(t, want, count, filter)
	}
	g, err := Grouping{DecayFilter: "auto", LayerDecay: 0.5}.groups(smallest(t), 1)
	require.NoError(t, err)
	assert.True(t, g.list[g.of["classifier.1.bias"]].decays)
	_, err = Grouping{DecayFilter: "bias"}.groups(smallest(t), 1)
	assert.ErrorContains(t, err, "weight_decay_filter")
}

func TestFreeze(t *testing.T) {
	g, err := Grouping{DecayFilter: "disable", Freeze: []string{"features.1", "features.3."}}.groups(smallest(t), 1)
	require.NoError(t, err)
	for name, at := range g.of {
		frozen := strings.HasPrefix(name, "features.1.") || strings.HasPrefix(name, "features.3.")
		assert.Equal(t, frozen, at == model.Frozen, name)
	}
	_, err = Grouping{DecayFilter: "disable", Freeze: []string{"features", "classifier"}}.groups(smallest(t), 1)
	assert.ErrorContains(t, err, "nothing is left")
	_, err = Grouping{DecayFilter: "disable", Freeze: []string{"layer4"}}.groups(smallest(t), 1)
	assert.ErrorContains(t, err, `freeze "layer4"`)
}

// What is frozen keeps its bits; the rest learns, at the rate of its group.
func TestRunFreezes(t *testing.T) {
	o, in, _ := small(t)
	in.Val, o.Epochs, o.Freeze, o.HeadLR, o.Clip, o.EMA = nil, 1, []string{"features"}, 0.1, 1, 0.9
	start := in.Arch.Init(1)
	r, err := prepare(o, in, weights.RunState{Epoch: 1, StepsPerEpoch: 3}, []float64{0.01, 0.01, 0.01})
	require.NoError(t, err)
	defer func() { assert.NoError(t, r.close()) }()
	r.pace.start(noWait{}, 3)
	it := in.Train.Epoch(context.Background(), 0, 0)
	defer it.Close()
	b, err := it.Next()
	require.NoError(t, err)
	defer it.Release(b)
	require.NoError(t, r.step(b))
	got, err := r.params.Load()
	require.NoError(t, err)
	for _, p := range in.Arch.Params() {
		if p.Kind.Trainable() && !isHead(p) {
			assert.Equal(t, start[p.Name], got[p.Name], p.Name)
		}
	}
	assert.NotEqual(t, start["classifier.1.weight"], got["classifier.1.weight"])
	assert.NotEqual(t, start["features.1.moving_mean"], got["features.1.moving_mean"], "statistics follow the data")
}

func TestHeadLR(t *testing.T) {
	g, err := Grouping{DecayFilter: "disable", HeadLR: 0.1}.groups(smallest(t), 0.01)
	require.NoError(t, err)
	require.Len(t, g.list, 2)
	assert.Equal(t, 1.0, g.list[g.of["features.20.weight"]].share)
	assert.InDelta(t, 10, g.list[g.of["classifier.1.bias"]].share, 1e-12)
}
