package train

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSchedulesFollowMindCV compares every step of every scheduler with what testdata/golden/make_schedules.py got from MindCV 0.3.
func TestSchedulesFollowMindCV(t *testing.T) {
	text, err := os.ReadFile("../testdata/golden/schedules.json")
	require.NoError(t, err)
	var cases []struct {
		StepsPerEpoch int     `json:"steps_per_epoch"`
		Scheduler     string  `json:"scheduler"`
		LR            float64 `json:"lr"`
		MinLR         float64 `json:"min_lr"`
		WarmupEpochs  float64 `json:"warmup_epochs"`
		WarmupFactor  float64 `json:"warmup_factor"`
		DecayEpochs   float64 `json:"decay_epochs"`
		DecayRate     float64 `json:"decay_rate"`
		Milestones    []float64
		NumEpochs     int     `json:"num_epochs"`
		NumCycles     int     `json:"num_cycles"`
		CycleDecay    float64 `json:"cycle_decay"`
		Stair         bool    `json:"lr_epoch_stair"`
		Rates         []float64
	}
	require.NoError(t, json.Unmarshal(text, &cases))
	names := map[string]bool{}
	for i, c := range cases {
		names[c.Scheduler] = true
		t.Run(fmt.Sprintf("%d %s", i, c.Scheduler), func(t *testing.T) {
			got, err := Schedule{Name: c.Scheduler, LR: c.LR, MinLR: c.MinLR, WarmupEpochs: c.WarmupEpochs, WarmupFactor: c.WarmupFactor, DecayEpochs: c.DecayEpochs,
				DecayRate: c.DecayRate, Milestones: c.Milestones, NumCycles: c.NumCycles, CycleDecay: c.CycleDecay, Stair: c.Stair}.Rates(c.StepsPerEpoch, c.NumEpochs)
			require.NoError(t, err)
			assert.InDeltaSlice(t, c.Rates, got, 3e-8, "rates up to 0.4, stored as float32")
		})
	}
	assert.Len(t, names, len(scheduleNames))
}
