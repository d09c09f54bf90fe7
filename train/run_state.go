package train

import (
	"mnv2/model"
	"mnv2/weights"
)

// startState puts on the device what the run begins with: the weights, and what a run that goes on had.
func (r *run) startState() error {
	from := weights.State{}
	if r.in.State != nil {
		from = *r.in.State
	}
	if averages := r.state.Averages(); averages != nil {
		values := from.Averages
		if values == nil {
			values = r.in.Values
		}
		if err := averages.Store(values); err != nil {
			return err
		}
	}
	r.in.Values, r.in.State = nil, nil // they are on the device now
	if err := r.state.StoreAccumulated(from.Accumulated); err != nil {
		return err
	}
	if err := r.state.StoreHealth(r.health()); err != nil {
		return err
	}
	return r.Optimizer.start(r.state, from)
}

// health is how the steps went before the run began, or went on. A loss scale that is fixed is what the options say.
func (r *run) health() model.Health {
	h := model.Health{Scale: max(r.LossScale, 1), Good: r.at.GoodSteps, Skipped: r.at.Skipped, Run: r.at.SkippedRun, Norm: r.at.GradientLen}
	if r.DynamicScale && r.at.LossScale > 0 {
		h.Scale = r.at.LossScale
	}
	return h
}

// growSteps is after how many steps in a row that count a loss scale is doubled that is found on the way. It is MindCV's.
const growSteps = 2000

// window is the same, 0 for a loss scale that is fixed.
func (r *run) window() int {
	if !r.DynamicScale {
		return 0
	}
	return growSteps
}

// snapshot copies everything that a checkpoint holds from the device.
func (r *run) snapshot() (weights.Snapshot, error) {
	s := weights.Snapshot{Arch: r.in.Arch, Card: r.in.Card, Momentum: r.Momentum, Rates: r.rates, State: weights.State{Prefixes: r.Optimizer.prefixes()}}
	h, err := r.state.Health()
	if err != nil {
		return s, err
	}
	r.at.LossScale, r.at.GoodSteps, r.at.Skipped, r.at.SkippedRun, r.at.GradientLen = h.Scale, h.Good, h.Skipped, h.Run, h.Norm
	at := r.at
	s.Run = &at
	if s.Values, err = r.params.Load(); err != nil {
		return s, err
	}
	if s.Velocity, err = r.state.Velocity(); err == nil && len(s.Prefixes) > 1 {
		s.Second, err = r.state.Slot(1)
	}
	if averages := r.state.Averages(); err == nil && averages != nil {
		s.Averages, err = averages.Load()
	}
	if err == nil && r.place() > 0 {
		s.Accumulated, err = r.state.Accumulated()
	}
	return s, err
}
