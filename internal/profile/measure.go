package profile

import (
	"context"
	"slices"
	"time"
)

// warmUp is how many steps run before any is counted: the first ones touch memory for the first time.
const warmUp = 3

// Step takes one step, waits for it, and returns how long it waited for its images before.
type Step func() (input time.Duration, err error)

// Measure takes steps of a network as it usually runs (plain), then as many of the same network on d (profiled), and returns the
// table. It stops between two steps when ctx ends.
func Measure(ctx context.Context, steps int, d *Device, plain, profiled Step) (Table, error) {
	times, inputs, err := take(ctx, steps, plain)
	if err != nil {
		return Table{}, err
	}
	for range warmUp {
		if _, err := profiled(); err != nil {
			return Table{}, err
		}
	}
	d.Start()
	for range steps {
		if ctx.Err() != nil {
			return Table{}, ctx.Err()
		}
		if _, err := profiled(); err != nil {
			return Table{}, err
		}
	}
	t := d.Stop(steps)
	t.Step, t.Input = median(times), median(inputs)
	return t, nil
}

// take times steps, after some that do not count.
func take(ctx context.Context, steps int, step Step) (times, inputs []time.Duration, err error) {
	for i := range warmUp + steps {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		start := time.Now()
		input, err := step()
		if err != nil {
			return nil, nil, err
		}
		if i >= warmUp {
			times, inputs = append(times, time.Since(start)), append(inputs, input)
		}
	}
	return times, inputs, nil
}

func median(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}
