package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"mnv2/backend"
	"mnv2/data"
	"mnv2/internal/footprint"
	"mnv2/model"
)

// Bench is what cases are measured on.
type Bench struct {
	Device  backend.Backend
	Arch    *model.Arch
	Values  func() (map[string][]float32, error) // reads or makes the parameters, by MindCV name; nothing keeps them
	Numbers model.Normalization
	Fuse    backend.Fuse
	Time    time.Duration // about how long each measurement takes

	Pictures  data.Dataset // for the input pipeline
	Transform data.Transform
	Workers   int // goroutines of the input pipeline
}

// Run measures one case.
func (b *Bench) Run(ctx context.Context, c Case) (Result, error) {
	resetPeak()
	run := map[Kind]func(context.Context, Case) (Result, error){Inference: b.infer, Training: b.train, Input: b.input}[c.Kind]
	if run == nil {
		return Result{}, fmt.Errorf("bench %s: no such kind of case: %q", c.Name, c.Kind)
	}
	r, err := run(ctx, c)
	if err != nil {
		return Result{}, fmt.Errorf("bench %s: %w", c.Name, err)
	}
	return r, nil
}

// infer times Logits: bytes of images in, scores out, copies to and from the device included.
func (b *Bench) infer(ctx context.Context, c Case) (_ Result, err error) {
	params, err := b.parameters()
	if err != nil {
		return Result{}, err
	}
	defer closing(&err, params.Close)
	net, err := model.NewInference(params, model.InferenceOptions{Batch: c.Batch, Size: c.Size, DType: types[c.DType], Normalization: b.Numbers, Fuse: b.Fuse})
	if err != nil {
		return Result{}, err
	}
	defer closing(&err, net.Close)
	if _, err := net.ReleaseParameters(); err != nil {
		return Result{}, err
	}
	images, logits := b.images(c), make([]float32, c.Batch*b.Arch.Classes)
	if err := net.Logits(logits, images, c.Batch); err != nil {
		return Result{}, err
	}
	footprint.Shrink() // now that all has run once: what comes back is what every run needs
	stats, err := Measure(ctx, b.Time, func() error { return net.Logits(logits, images, c.Batch) })
	if err != nil {
		return Result{}, err
	}
	return newResult(c, stats, net.Memory()+b.parameterBytes()), nil
}

// train times whole steps: images and labels in, forward, backward, update, and the losses out; as in a real run these are not read
// after each step where somebody else than the host computes, so that the next batch travels meanwhile.
func (b *Bench) train(ctx context.Context, c Case) (_ Result, err error) {
	params, err := b.parameters()
	if err != nil {
		return Result{}, err
	}
	defer closing(&err, params.Close)
	state, err := model.NewTrainState(params)
	if err != nil {
		return Result{}, err
	}
	defer closing(&err, state.Close)
	net, err := model.NewTraining(state, model.TrainingOptions{Batch: c.Batch, Size: c.Size, DType: types[c.DType], Normalization: b.Numbers,
		Rule: backend.Momentum, Fuse: b.Fuse})
	if err != nil {
		return Result{}, err
	}
	defer closing(&err, net.Close)
	steps := 1
	if b.Device.Info().Threads == 0 {
		steps = stepsPerWait
	}
	stats, err := Measure(ctx, b.Time, b.step(net, c, steps))
	if err != nil {
		return Result{}, err
	}
	return newResult(c, stats.per(steps), net.Memory()+3*b.parameterBytes()), nil
}

// stepsPerWait is how many steps are queued before the losses are read on a device of its own. A real run reads them every 100 steps.
const stepsPerWait = 16

// step returns a function that takes that many training steps and waits for them. The learning rate is small, because the labels mean
// nothing.
func (b *Bench) step(net *model.Training, c Case, steps int) func() error {
	rng := source()
	images, labels, losses := b.images(c), make([]int32, c.Batch), make([]float32, c.Batch)
	for i := range labels {
		labels[i] = int32(rng.IntN(b.Arch.Classes))
	}
	mask := make([]byte, net.MaskLen())
	for i := range mask {
		if rng.Float64() >= b.Arch.DropRate {
			mask[i] = 1
		}
	}
	hyper := []model.Hyper{{LR: 1e-4, WeightDecay: 4e-5, Momentum: 0.9}}
	return func() error {
		for range steps {
			if err := net.Step(images, labels, mask, hyper); err != nil {
				return err
			}
		}
		return net.Losses(losses)
	}
}

// parameters are the values on the device, all in one optimizer group.
func (b *Bench) parameters() (*model.Parameters, error) {
	params, err := model.NewParameters(b.Device, b.Arch, nil)
	if err != nil {
		return nil, err
	}
	values, err := b.Values()
	if err == nil {
		err = params.Store(values)
	}
	if err != nil {
		return nil, errors.Join(err, params.Close())
	}
	debug.FreeOSMemory() // what was read is not needed any more
	return params, nil
}

func (b *Bench) parameterBytes() int64 {
	_, all := b.Arch.Count()
	return int64(all) * 4
}

// images are random bytes for a batch. How fast the network runs does not depend on what it sees.
func (b *Bench) images(c Case) []byte {
	images, rng := make([]byte, c.Batch*c.Size*c.Size*b.Arch.InChannels), source()
	for i := range images {
		images[i] = byte(rng.Uint32())
	}
	return images
}

// source gives the same random numbers every time.
func source() *rand.Rand { return rand.New(rand.NewPCG(42, 0)) }

// closing calls f on the way out of a function and keeps its error if there is no earlier one.
func closing(err *error, f func() error) {
	if e := f(); *err == nil {
		*err = e
	}
}
