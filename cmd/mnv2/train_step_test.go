package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"mnv2/internal/options"
	"mnv2/train"
)

func TestLearningRateIsRescaled(t *testing.T) {
	o := options.Defaults()
	o.LR, o.BatchSize, o.GradientAccumulationSteps = 0.4, 64, 4
	for base, want := range map[int]struct {
		lr, head float64
		text     string
	}{
		0:    {0.4, 1, ""},
		256:  {0.4, 1, ""},
		2048: {0.05, 0.125, "lr 0.4 is meant for 2048 images per update; with 256 it is 0.05"},
	} {
		o.LRBaseBatch = base
		run := train.Options{Schedule: train.Schedule{LR: o.LR}, Grouping: train.Grouping{HeadLR: 1}}
		assert.Equal(t, want.text, rescale(&o, &run))
		assert.InDelta(t, want.lr, run.Schedule.LR, 1e-12)
		assert.InDelta(t, want.head, run.HeadLR, 1e-12)
	}
}

func TestLossScaleOptions(t *testing.T) {
	for _, c := range []struct {
		kind, level string
		scale       float64
		dynamic     bool
	}{{"fixed", "O3", 1, false}, {"dynamic", "O0", 1, true}, {"auto", "O0", 1, false}, {"auto", "O2", autoLossScale, true}} {
		o := options.Defaults()
		o.LossScaleType, o.AmpLevel = c.kind, c.level
		var run train.Options
		stepOptions(&o, &run)
		assert.Equal(t, c.scale, run.LossScale, c)
		assert.Equal(t, c.dynamic, run.DynamicScale, c)
	}
}

func TestNames(t *testing.T) {
	assert.Equal(t, []string{"features.0", "features.3"}, names("features.0, features.3,"))
	assert.Empty(t, names(""))
}
