package train

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Schedule says how the learning rate goes over a run. Lengths are in epochs; the rate changes with every step, or with
// every epoch if Stair is set.
type Schedule struct {
	Name         string // as MindCV's scheduler; see Rates
	LR, MinLR    float64
	WarmupEpochs float64
	WarmupFactor float64 // the first rate is LR*WarmupFactor
	DecayEpochs  float64 // length of one cosine
	NumCycles    int     // of the cosine
	CycleDecay   float64 // each cycle starts at CycleDecay times the one before
	Stair        bool
	DecayRate    float64   // of exponential, step, multi-step and polynomial
	Milestones   []float64 // of multi-step, in epochs after the warm-up
}

// Rates returns the learning rate of every step of a run, computed in float64 and rounded to float32 as MindCV stores it.
//
//	warm-up   lr*(f + (1-f)*min(e, W)/W)                        f = WarmupFactor, W = WarmupEpochs
//	cosine    min + (top-min)/2*(1 + cos(pi*min(e, D)/D))       D = DecayEpochs, top = lr*CycleDecay^cycle
//
// and those of [Schedule.main]. e counts epochs from the start of each phase: step/stepsPerEpoch, rounded down with Stair. After the last cycle the rate
// stays at MinLR; a schedule that is longer than the run is cut. Source: MindCV's scheduler.
func (s Schedule) Rates(stepsPerEpoch, epochs int) ([]float64, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	total := stepsPerEpoch * epochs
	warmup := min(total, int(float64(stepsPerEpoch)*s.WarmupEpochs))
	rates := make([]float64, total)
	for i := range rates {
		var lr float64
		switch {
		case i < warmup:
			lr = s.warmup(s.epoch(i, stepsPerEpoch))
		default:
			lr = s.main(i-warmup, stepsPerEpoch, total-warmup)
		}
		rates[i] = float64(float32(lr))
	}
	return rates, nil
}

// check returns nil, or which number of the schedule cannot be.
func (s Schedule) check() error {
	if err := s.fault(); err != nil {
		return fmt.Errorf("schedule %q: %w", s.Name, err)
	}
	return nil
}

func (s Schedule) fault() error {
	switch {
	case !slices.Contains(scheduleNames, s.Name):
		return fmt.Errorf("unknown (want one of %s)", strings.Join(scheduleNames, ", "))
	case (s.Name == "one_cycle" || s.Name == "cyclic") && (s.WarmupEpochs > 0 || s.Stair):
		return fmt.Errorf("it has a rise of its own: want warmup_epochs 0 and lr_epoch_stair False, as in MindCV")
	case s.Name == "step_decay" && !(s.DecayEpochs > 0):
		return fmt.Errorf("decay_epochs %g: want more than 0", s.DecayEpochs)
	case s.Name == "cyclic" && s.NumCycles < 1:
		return fmt.Errorf("num_cycles %d: want 1 or more", s.NumCycles)
	case !(s.LR >= 0) || math.IsInf(s.LR, 0):
		return fmt.Errorf("lr %g: want 0 or more", s.LR)
	case s.WarmupEpochs < 0:
		return fmt.Errorf("warmup_epochs %g: want 0 or more", s.WarmupEpochs)
	case s.Name == "cosine_decay" && !(s.DecayEpochs > 0):
		return fmt.Errorf("decay_epochs %g: want more than 0", s.DecayEpochs)
	case s.Name == "cosine_decay" && s.NumCycles < 1:
		return fmt.Errorf("num_cycles %d: want 1 or more", s.NumCycles)
	}
	return nil
}

// epoch is step i of a phase as a number of epochs.
func (s Schedule) epoch(i, stepsPerEpoch int) float64 {
	if s.Stair {
		return float64(i / stepsPerEpoch)
	}
	return float64(i) / float64(stepsPerEpoch)
}

func (s Schedule) warmup(e float64) float64 {
	return s.LR * (s.WarmupFactor + (1-s.WarmupFactor)*min(e, s.WarmupEpochs)/s.WarmupEpochs)
}

func (s Schedule) cosine(i, stepsPerEpoch int) float64 {
	cycleSteps := int(float64(stepsPerEpoch) * s.DecayEpochs)
	cycle := i / max(1, cycleSteps)
	if cycle >= s.NumCycles {
		return s.MinLR
	}
	e := min(s.epoch(i%max(1, cycleSteps), stepsPerEpoch), s.DecayEpochs)
	top := s.LR * math.Pow(s.CycleDecay, float64(cycle))
	return s.MinLR + 0.5*(top-s.MinLR)*(1+math.Cos(math.Pi*e/s.DecayEpochs))
}
