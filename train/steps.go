package train

import (
	"context"
	"time"

	"mnv2/data"
)

// Steps is a run without a folder whose steps are taken one by one, for measurements.
type Steps struct {
	trial   *trial
	batches data.Cycle
}

// NewSteps makes the run of o ready for at most n steps. Nothing will be written.
func NewSteps(o Options, in Inputs, n int) (*Steps, error) {
	schedule, err := o.Schedule.Rates(in.Train.Steps(), o.Epochs)
	if err != nil {
		return nil, err
	}
	rates := make([]float64, n)
	for i := range rates {
		rates[i] = schedule[min(i, len(schedule)-1)]
	}
	t, err := newTrial(o, in, rates)
	if err != nil {
		return nil, err
	}
	return &Steps{trial: t, batches: data.Cycle{Loader: in.Train}}, nil
}

// Step takes one step on the next batch, waits for its loss, and returns how long it waited for the batch. A loss that is not
// finite is no error: this is not about numbers.
func (s *Steps) Step(ctx context.Context) (input time.Duration, err error) {
	start := time.Now()
	b, err := s.batches.Next(ctx)
	if err != nil {
		return 0, err
	}
	input = time.Since(start)
	_, err = s.trial.take(b)
	s.batches.Release(b)
	return input, err
}

// Close gives back what the run holds on the device.
func (s *Steps) Close() error {
	s.batches.Close()
	return s.trial.close()
}
