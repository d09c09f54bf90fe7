package train

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The values are what MindCV's scheduler functions give for 2 steps an epoch, 5 epochs, lr 0.4.
func TestSchedulesAreMindCVs(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Schedule
		want []float64
	}{
		{"step", Schedule{Name: "step_decay", WarmupEpochs: 2, DecayEpochs: 2, DecayRate: 0.5},
			[]float64{0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.4, 0.4, 0.2, 0.2}},
		{"exponential", Schedule{Name: "exponential_decay", WarmupEpochs: 2, DecayRate: 0.5},
			[]float64{0, 0.1, 0.2, 0.3, 0.4, 0.282842712, 0.2, 0.141421356, 0.1, 0.0707106781}},
		{"exponential stair", Schedule{Name: "exponential_decay", WarmupEpochs: 2, DecayRate: 0.5, Stair: true},
			[]float64{0, 0, 0.2, 0.2, 0.4, 0.4, 0.2, 0.2, 0.1, 0.1}},
		{"polynomial", Schedule{Name: "polynomial_decay", WarmupEpochs: 2, DecayRate: 0.5},
			[]float64{0, 0.1, 0.2, 0.3, 0.4, 0.365148372, 0.326598632, 0.282842712, 0.230940108, 0.163299316}},
		{"polynomial stair", Schedule{Name: "polynomial_decay", WarmupEpochs: 2, DecayRate: 2, Stair: true},
			[]float64{0, 0, 0.2, 0.2, 0.4, 0.4, 0.177777778, 0.177777778, 0.0444444444, 0.0444444444}},
		{"multi-step", Schedule{Name: "multi_step_decay", WarmupEpochs: 2, DecayRate: 0.5, Milestones: []float64{1, 2}},
			[]float64{0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.2, 0.2, 0.1, 0.1}},
		{"one-cycle", Schedule{Name: "one_cycle", MinLR: 1e-6},
			[]float64{0.016, 0.208, 0.4, 0.380193823, 0.324698149, 0.244504576, 0.155496424, 0.0753028514, 0.0198071769, 1e-06}},
		{"cyclic", Schedule{Name: "cyclic", MinLR: 0.1, NumCycles: 2},
			[]float64{0.1, 0.25, 0.4, 0.25, 0.1, 0.25, 0.4, 0.25, 0.1, 0.25}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.s.LR = 0.4
			got, err := c.s.Rates(2, 5)
			require.NoError(t, err)
			assert.InDeltaSlice(t, c.want, got, 3e-8) // stored as float32
		})
	}
	for _, name := range []string{"one_cycle", "cyclic"} {
		_, err := Schedule{Name: name, WarmupEpochs: 1, NumCycles: 1}.Rates(2, 5)
		assert.ErrorContains(t, err, "warmup_epochs 0")
	}
}
