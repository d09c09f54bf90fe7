package profile

import (
	"context"
	"errors"
	"slices"
	"time"

	"mnv2/backend"
)

// warmUp is how many steps run before any is counted: the first ones touch memory for the first time.
const warmUp = 3

// StepsOf returns how many steps a network must be able to take for a profile of n.
func StepsOf(n int) int { return warmUp + n }

// Stepper is a network made ready on a device.
type Stepper interface {
	// Step takes one step, waits for it, and returns how long it waited for its images before.
	Step(ctx context.Context) (input time.Duration, err error)
	Close() error
}

// Measure takes steps of a network as it usually runs, then as many of it profiled, and returns the table. open makes the network
// ready on the device it is given; the first is closed before the second is opened. It stops between two steps when ctx ends.
func Measure(ctx context.Context, device backend.Backend, steps int, open func(backend.Backend) (Stepper, error)) (Table, error) {
	var times, inputs []time.Duration
	err := with(device, open, func(s Stepper) error {
		return take(ctx, s, steps, func() {}, func(step, input time.Duration) {
			times, inputs = append(times, step), append(inputs, input)
		})
	})
	if err != nil {
		return Table{}, err
	}
	profiled := New(device)
	var t Table
	err = with(profiled, open, func(s Stepper) error {
		if err := take(ctx, s, steps, profiled.Start, func(time.Duration, time.Duration) {}); err != nil {
			return err
		}
		t = profiled.Stop(steps)
		return nil
	})
	t.Step, t.Input = median(times), median(inputs)
	return t, err
}

// with runs do with a network that it opens and closes.
func with(b backend.Backend, open func(backend.Backend) (Stepper, error), do func(Stepper) error) error {
	s, err := open(b)
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.Close())
}

// take takes the steps that do not count, says so, then those that do, and tells what each took.
func take(ctx context.Context, s Stepper, steps int, warm func(), took func(step, input time.Duration)) error {
	for i := range warmUp + steps {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if i == warmUp {
			warm()
		}
		start := time.Now()
		input, err := s.Step(ctx)
		if err != nil {
			return err
		}
		if i >= warmUp {
			took(time.Since(start), input)
		}
	}
	return nil
}

func median(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}
