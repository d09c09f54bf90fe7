package train

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The values were computed by running MindCV's scheduler: 2 steps an epoch, 5 epochs, lr 0.4, 2 epochs of warm-up unless changed.
func TestRatesAreMindCVs(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Schedule)
		want   []float64
	}{
		{"cosine", func(s *Schedule) {}, []float64{0, 0.1, 0.2, 0.3, 0.4, 0.373205081, 0.3, 0.2, 0.1, 0.0267949192}},
		{"stair", func(s *Schedule) { s.Stair = true }, []float64{0, 0, 0.2, 0.2, 0.4, 0.4, 0.3, 0.3, 0.1, 0.1}},
		{"factor and minimum", func(s *Schedule) { s.WarmupFactor, s.MinLR = 0.1, 0.001 },
			[]float64{0.04, 0.13, 0.22, 0.31, 0.4, 0.373272068, 0.30025, 0.2005, 0.10075, 0.0277279319}},
		{"two cycles", func(s *Schedule) { s.WarmupEpochs, s.DecayEpochs, s.NumCycles, s.CycleDecay = 0, 2, 2, 0.5 },
			[]float64{0.4, 0.341421356, 0.2, 0.0585786438, 0.2, 0.170710678, 0.1, 0.0292893219, 0, 0}},
		{"short", func(s *Schedule) { s.DecayEpochs, s.MinLR = 2, 0.01 },
			[]float64{0, 0.1, 0.2, 0.3, 0.4, 0.342885822, 0.205, 0.0671141777, 0.01, 0.01}},
		{"cut", func(s *Schedule) { s.DecayEpochs = 6 },
			[]float64{0, 0.1, 0.2, 0.3, 0.4, 0.393185165, 0.373205081, 0.341421356, 0.3, 0.251763809}},
		{"constant", func(s *Schedule) { s.Name = "constant" }, []float64{0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Schedule{Name: "cosine_decay", LR: 0.4, WarmupEpochs: 2, DecayEpochs: 3, NumCycles: 1, CycleDecay: 1}
			c.change(&s)
			got, err := s.Rates(2, 5)
			require.NoError(t, err)
			assert.InDeltaSlice(t, c.want, got, 3e-8)
		})
	}
}

func TestRatesOfTheRecipes(t *testing.T) {
	for _, c := range []struct {
		lr     float64
		epochs int
		want   map[int]float64
	}{
		{0.3, 400, map[int]float64{0: 0, 1: 0.00012, 625: 0.075, 2499: 0.29988, 2500: 0.3, 10000: 0.299320788,
			125000: 0.152379895, 249999: 1.20840005e-11}},
		{0.4, 320, map[int]float64{1: 0.00016, 100000: 0.203976438, 199999: 2.53026267e-11}},
		{0.4, 300, map[int]float64{100000: 0.183038815, 187499: 2.88374213e-11}},
	} {
		s := Schedule{Name: "cosine_decay", LR: c.lr, WarmupEpochs: 4, DecayEpochs: float64(c.epochs - 4), NumCycles: 1, CycleDecay: 1}
		got, err := s.Rates(625, c.epochs)
		require.NoError(t, err)
		require.Len(t, got, 625*c.epochs)
		for step, want := range c.want {
			if want == 0 {
				assert.Zero(t, got[step])
				continue
			}
			assert.InEpsilon(t, want, got[step], 1e-6, "step %d of %d epochs", step, c.epochs)
		}
	}
}

func TestRatesRefuse(t *testing.T) {
	good := Schedule{Name: "cosine_decay", LR: 0.4, DecayEpochs: 3, NumCycles: 1, CycleDecay: 1}
	for want, change := range map[string]func(*Schedule){
		"unknown":       func(s *Schedule) { s.Name = "linear" },
		"lr -1":         func(s *Schedule) { s.LR = -1 },
		"decay_epochs":  func(s *Schedule) { s.DecayEpochs = 0 },
		"num_cycles":    func(s *Schedule) { s.NumCycles = 0 },
		"warmup_epochs": func(s *Schedule) { s.WarmupEpochs = -1 },
	} {
		s := good
		change(&s)
		_, err := s.Rates(2, 5)
		assert.ErrorContains(t, err, want)
	}
}
