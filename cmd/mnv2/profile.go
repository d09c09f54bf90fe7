package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mnv2/backend"
	"mnv2/data"
	"mnv2/internal/bench"
	"mnv2/internal/cli"
	"mnv2/internal/profile"
	"mnv2/train"
)

// profiled is what --profile N does instead of the command's own work: the same steps, measured, and a table of them.
func profiled(ctx context.Context, in cli.Invocation, device backend.Backend, open func(backend.Backend) (profile.Stepper, error)) error {
	note(in, fmt.Sprintf("profile of %d steps; nothing is written", in.Options.Profile))
	table, err := profile.Measure(ctx, device, in.Options.Profile, open)
	if err != nil {
		return err
	}
	table.Peak = bench.MeasurePeak(device)
	if in.JSON {
		return printJSON(in, table)
	}
	return table.Write(in.Stdout)
}

// profile profiles steps of the run that j was put together for.
func (j *trainJob) profile(ctx context.Context, o train.Options) error {
	o.Report = func(train.Event) {}
	in := j.inputs()
	return profiled(ctx, j.in, j.device, func(b backend.Backend) (profile.Stepper, error) {
		in.Device = b
		return train.NewSteps(o, in, profile.StepsOf(j.o.Profile))
	})
}

// images is where a profile of inference takes its batches: it calls classify with the next one and returns how long that one was
// waited for.
type images func(ctx context.Context, classify func(pixels []byte, count int) error) (time.Duration, error)

// profileInference profiles net, made ready once more on the same device, on batches of n images.
func profileInference(ctx context.Context, in cli.Invocation, net *network, device backend.Backend, n int, next images) error {
	values, err := net.params.Load()
	if err != nil {
		return err
	}
	return profiled(ctx, in, device, func(b backend.Backend) (profile.Stepper, error) {
		placed, err := placeNetwork(in, b, net.arch, values, n)
		if err != nil {
			return nil, err
		}
		return &inferenceSteps{net: placed, next: next, logits: make([]float32, n*net.arch.Classes)}, nil
	})
}

// inferenceSteps classifies a batch a step.
type inferenceSteps struct {
	net    *network
	next   images
	logits []float32
}

// Step implements profile.Stepper.
func (s *inferenceSteps) Step(ctx context.Context) (time.Duration, error) {
	return s.next(ctx, func(pixels []byte, count int) error { return s.net.inference.Logits(s.logits, pixels, count) })
}

// Close implements profile.Stepper.
func (s *inferenceSteps) Close() error {
	return errors.Join(s.net.inference.Close(), s.net.params.Close())
}

// fromLoader takes the batches of a loader, again and again.
func fromLoader(c *data.Cycle) images {
	return func(ctx context.Context, classify func([]byte, int) error) (time.Duration, error) {
		start := time.Now()
		b, err := c.Next(ctx)
		if err != nil {
			return 0, err
		}
		input := time.Since(start)
		defer c.Release(b)
		return input, classify(b.Images, b.Count)
	}
}

// fromFiles takes pictures one by one, again and again.
func (p *predictor) fromFiles(files []string) images {
	i := 0
	return func(ctx context.Context, classify func([]byte, int) error) (time.Duration, error) {
		start := time.Now()
		if err := p.read(files[i%len(files)]); err != nil {
			return 0, &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("picture %q: %s", files[i%len(files)], reasonOf(err, files[i%len(files)]))}
		}
		i++
		return time.Since(start), classify(p.pixels, 1)
	}
}
