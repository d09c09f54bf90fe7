package anydevice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mnv2/backend"
	"mnv2/internal/bench"
	"mnv2/internal/devicecheck"
	"mnv2/internal/profile"
)

// cases lists what is timed: inference and training, at the batches that people use.
func (t Target) cases() []bench.Case {
	if t.Quick {
		return []bench.Case{{Name: "inference", Kind: bench.Inference, Size: 32, Batch: 2}, {Name: "training", Kind: bench.Training, Size: 32, Batch: 4}}
	}
	var list []bench.Case
	for _, n := range []int{1, 8, 32, 128, 256} {
		list = append(list, bench.Case{Name: "inference", Kind: bench.Inference, Size: 224, Batch: n})
	}
	for _, n := range []int{32, 64, 128, 256, 512} {
		list = append(list, bench.Case{Name: "training", Kind: bench.Training, Size: 224, Batch: n})
	}
	return list
}

// width of the networks that are timed.
func (t Target) width() float64 {
	if t.Quick {
		return 0.35
	}
	return 1
}

// speed times the whole network in every type of activations, copies to and from the device included.
func (t Target) speed(ctx context.Context, r *devicecheck.Recorder) (err error) {
	b, err := t.Open()
	if err != nil {
		return err
	}
	defer closing(&err, b.Close)
	arch, err := shape{width: t.width(), classes: 1000}.arch()
	if err != nil {
		return err
	}
	for _, dtype := range b.Info().DTypes {
		m := &bench.Bench{Device: preferring{b, dtype}, Arch: arch, Numbers: imageNet, Time: 5 * time.Second,
			Values: func() (map[string][]float32, error) { return arch.Init(1), nil }}
		if t.Quick {
			m.Time = 50 * time.Millisecond
		}
		for _, one := range t.cases() {
			r.Try(fmt.Sprintf("%s in %v, width %g, %d px, batch %d", one.Name, dtype, t.width(), one.Size, one.Batch),
				func(c *devicecheck.Case) error { return timed(ctx, c, m, one) })
		}
	}
	return nil
}

// timed measures one case. A batch that does not fit is no failure.
func timed(ctx context.Context, c *devicecheck.Case, m *bench.Bench, one bench.Case) error {
	result, err := m.Run(ctx, one)
	if errors.Is(err, backend.ErrOutOfMemory) {
		c.End(devicecheck.Unsupported, "%v", err)
		return nil
	}
	if err != nil {
		return err
	}
	c.Set("images/s", result.ImagesPerSec)
	c.Set("ms", result.Median*1e3)
	c.Set("spread", result.Spread)
	c.Set("device bytes", result.DeviceBytes)
	return nil
}

// profile lists the operations of a training step with their times, the largest first.
func (t Target) profile(ctx context.Context, r *devicecheck.Recorder) (err error) {
	b, err := t.Open()
	if err != nil {
		return err
	}
	defer closing(&err, b.Close)
	s, steps := shape{1, 224, 32, 1000}, 20
	if t.Quick {
		s, steps = shape{0.35, 32, 2, kinds}, 2
	}
	r.Try(s.String(), func(c *devicecheck.Case) error {
		table, err := profiled(ctx, b, s, steps)
		if err != nil {
			return err
		}
		c.Set("table", table)
		c.Set("ms", table.Step.Seconds()*1e3)
		var top []string
		for _, row := range table.Rows[:min(10, len(table.Rows))] {
			top = append(top, fmt.Sprintf("%s %s: %.3g ms a step in %d runs, %.1f %%", row.Name, row.Shape,
				row.Time.Seconds()*1e3/float64(steps), row.Count/int64(steps), 100*float64(row.Time)/float64(table.Operations)))
		}
		c.Set("slowest", top)
		return nil
	})
	return nil
}

// profiled takes steps of the same network as it is, and one operation at a time.
func profiled(ctx context.Context, b backend.Backend, s shape, steps int) (profile.Table, error) {
	return profile.Measure(ctx, b, steps, func(b backend.Backend) (profile.Stepper, error) {
		n, err := newNet(b, s, false)
		return stepper{n}, err
	})
}

// stepper is a net whose pictures are always there.
type stepper struct{ *net }

// Step implements profile.Stepper.
func (s stepper) Step(context.Context) (time.Duration, error) {
	_, err := s.step(1, 1e-4)
	return 0, err
}

// Close implements profile.Stepper.
func (s stepper) Close() error { return s.close() }
