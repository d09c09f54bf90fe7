package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/checkpoint"
	"mnv2/internal/options"
	"mnv2/model"
	"mnv2/weights"
)

// averaged writes a checkpoint that holds averages, all of them other numbers than the weights.
func averaged(t *testing.T, with bool) string {
	t.Helper()
	a, err := model.New(model.Config{Width: 0.35, Classes: 2, InChannels: 3})
	require.NoError(t, err)
	s := weights.Snapshot{Arch: a, Values: a.Init(1), Run: &weights.RunState{GlobalStep: 7}, Rates: []float64{0.1}}
	s.Velocity = map[string][]float32{}
	for _, p := range a.Params() {
		if p.Kind.Trainable() {
			s.Velocity[p.Name] = make([]float32, p.Elements())
		}
	}
	if with {
		s.Averages = a.Init(2)
	}
	path := filepath.Join(t.TempDir(), "w.ckpt")
	require.NoError(t, weights.Save(path, checkpoint.CKPT, model.MindCV, s))
	return path
}

// Averages are taken where there are any, unless --ema False says otherwise; asking for what is not there is an error.
func TestChooseAverages(t *testing.T) {
	a, err := model.New(model.Config{Width: 0.35, Classes: 2, InChannels: 3})
	require.NoError(t, err)
	for _, c := range []struct {
		flag string
		has  bool
		want uint64 // seed of the values; 0 for an error
	}{{"", true, 2}, {"False", true, 1}, {"True", true, 2}, {"", false, 1}, {"True", false, 0}} {
		f, err := weights.Open(averaged(t, c.has))
		require.NoError(t, err)
		flags := map[string]string{}
		if c.flag != "" {
			flags["ema"] = c.flag
		}
		o, _, err := options.Load(options.Request{Command: options.Validate, Flags: flags})
		require.NoError(t, err)
		err = chooseAverages(&o, f)
		if c.want == 0 {
			assert.ErrorContains(t, err, "no averaged weights")
			continue
		}
		require.NoError(t, err)
		fit, err := f.Fit(a, false)
		require.NoError(t, err)
		assert.Equal(t, a.Init(c.want), fit.Values, "--ema %q, averages in the file %t", c.flag, c.has)
	}
}

// A checkpoint of a run with averages has MindCV's names, and gives everything back.
func TestAveragesInACheckpoint(t *testing.T) {
	path := averaged(t, true)
	raw, err := checkpoint.Read(path)
	require.NoError(t, err)
	for _, name := range []string{"ema.features.0.weight", "ema.features.1.moving_mean", "ema.classifier.1.bias", "updates"} {
		_, ok := raw.Find(name)
		assert.True(t, ok, name)
	}
	f, err := weights.Open(path)
	require.NoError(t, err)
	a, err := model.New(f.Config)
	require.NoError(t, err)
	state, err := f.State(a)
	require.NoError(t, err)
	assert.Equal(t, a.Init(2), state.Averages)
	assert.Nil(t, state.Accumulated)
	require.NoError(t, os.Remove(path+".meta.json"))
}
