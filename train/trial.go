package train

import (
	"errors"
	"fmt"
	"math"
	"time"

	"mnv2/data"
	"mnv2/weights"
)

// trial is a run without a folder: its steps are taken one by one, every loss is read, nothing is kept.
type trial struct {
	*run
	logged Logged // of the last step
}

// newTrial makes a run ready whose steps have the given learning rates. It starts from the parameters alone, not where another run stood.
func newTrial(o Options, in Inputs, rates []float64) (*trial, error) {
	t := &trial{}
	report := o.Report
	o.LogInterval = 1
	in.Position, in.State = nil, nil
	o.Report = func(e Event) {
		if l, ok := e.(Logged); ok {
			t.logged = l
		}
		if report != nil {
			report(e)
		}
	}
	var err error
	t.run, err = prepare(o, in, weights.RunState{Epoch: 1, StepsPerEpoch: len(rates), Seed: o.Seed}, rates)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	t.pace.start(noWait{}, len(rates))
	return t, nil
}

// noWait is an input that is always there.
type noWait struct{}

// Wait implements waiter.
func (noWait) Wait() time.Duration { return 0 }

// take takes one step on a batch and returns its loss. A loss that is not finite is no error here; that of a step that was skipped counts as such.
func (t *trial) take(b *data.Batch) (float64, error) {
	skipped := t.logged.Skipped
	if err := t.step(b); err != nil && !errors.Is(err, ErrDiverged) {
		return 0, fmt.Errorf("train: step %d: %w", t.at.GlobalStep+1, err)
	}
	if t.logged.Skipped > skipped {
		return math.NaN(), nil
	}
	return t.logged.Loss, nil
}
