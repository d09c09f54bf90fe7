package model

import (
	"fmt"

	"mnv2/backend"
)

// Hyper are the numbers of one optimizer group in one step, as [backend.Update] names them.
type Hyper struct {
	LR, WeightDecay, Momentum          float64
	Second, Eps                        float64
	FirstScale, SecondScale, GradShare float64
	Decoupled                          float64
}

// Input is what a training step works on.
type Input struct {
	Images []byte    // in pixel order (N, H, W, C)
	Labels []int32   // class indices; with soft targets none
	Target []float32 // with soft targets: a row of probabilities for each image
	Mask   []byte    // MaskLen zeros and ones for the dropout
	Paths  []byte    // zeros and ones for drop path: of each image, for one of PathRates after the other
	Hyper  []Hyper   // of each optimizer group; not read in a step that only adds gradients up

	// Of gradients that are added up over several steps: whether this is the first of them, and the last, which updates. A step that stands alone
	// is both.
	First, Last bool

	Decay float64 // of the averages of the weights, if there are any
}

// Step is Take of a step on labels that stands alone.
func (t *Training) Step(images []byte, labels []int32, mask []byte, hyper []Hyper) error {
	return t.Take(Input{Images: images, Labels: labels, Mask: mask, Hyper: hyper, First: true, Last: true})
}

// Take queues one training step on a full batch. It does not wait.
func (t *Training) Take(in Input) error {
	if err := t.check(in); err != nil {
		return fmt.Errorf("model: step: %w", err)
	}
	to, numbers := t.plan, t.numbers
	t.rows.fill(t.numbers, in, t.state)
	if !t.guard.isOn() {
		to, numbers = t.hyper, t.numbers[:len(t.numbers)/2]
		t.rows.scale(numbers, 1/t.state.scale)
	}
	for _, input := range []struct {
		to   backend.Tensor
		from []byte
	}{{t.images, in.Images}, {t.labels, bytesOf(in.Labels)}, {t.target, bytesOf(in.Target)}, {t.mask, in.Mask}, {to, bytesOf(numbers)}} {
		if len(input.from) == 0 {
			continue
		}
		if err := t.state.params.device.Upload(input.to.Buf, input.to.Off, input.from); err != nil {
			return fmt.Errorf("model: step: %w", err)
		}
	}
	if err := t.uploadPaths(in.Paths); err != nil {
		return fmt.Errorf("model: step: %w", err)
	}
	if !in.Last {
		return t.records[recordGather].Run()
	}
	return t.records[recordUpdate].Run()
}

func (t *Training) check(in Input) error {
	groups := len(t.updates)
	if !in.Last {
		groups = len(in.Hyper)
	}
	switch {
	case len(in.Images) != int(t.images.Bytes()) || len(in.Labels) != t.labels.Elements() || len(in.Target) != t.target.Elements() ||
		len(in.Mask) != t.MaskLen() || len(in.Hyper) != groups:
		return fmt.Errorf("got %d bytes of images, %d labels, %d of targets, %d of mask, %d groups; want %d, %d, %d, %d, %d",
			len(in.Images), len(in.Labels), len(in.Target), len(in.Mask), len(in.Hyper), t.images.Bytes(), t.labels.Elements(), t.target.Elements(), t.MaskLen(), groups)
	case len(in.Paths) != t.paths*t.options.Batch:
		return fmt.Errorf("got %d bytes for drop path, want %d", len(in.Paths), t.paths*t.options.Batch)
	case t.state.Accumulate < 2 && !(in.First && in.Last):
		return fmt.Errorf("gradients are not added up here: want a step that is the first and the last")
	}
	return nil
}

// MaskLen returns the length of the dropout mask that a step takes, 0 if there is no dropout.
func (t *Training) MaskLen() int { return t.mask.Elements() }

// issue returns the function that queues one step, with or without the update at its end.
func (t *Training) issue() func(update bool) error {
	var grads []backend.Tensor
	p, params := t.state.params, t.filters.tensors()
	for i, q := range p.arch.params {
		if q.Kind.Trainable() {
			grads = append(grads, p.inArena(i, t.state.gradients))
		}
	}
	if t.mask.Desc == (backend.Desc{}) {
		t.mask = backend.Tensor{}
	}
	network := t.network(params, grads)
	guard, gather, average := t.guardCalls(), t.gatherCalls(), t.averageCalls()
	updates := t.updateCalls()
	return func(update bool) error {
		if !update {
			return t.run(guard.before, network, guard.after, gather, average)
		}
		return t.run(guard.before, network, guard.after, gather, updates, average)
	}
}

// call is a plan and what it runs on.
type call struct {
	plan  backend.Plan
	args  backend.Args
	saved int64 // where what it saves begins
}

func (t *Training) run(parts ...[]call) error {
	for _, part := range parts {
		for _, c := range part {
			if err := c.plan.Run(c.args, t.scratchOf(c)); err != nil {
				return err
			}
		}
	}
	return nil
}

// network is from bytes to gradients.
func (t *Training) network(params, grads []backend.Tensor) []call {
	list := append(t.filters.calls(),
		call{plan: t.convert, args: &backend.ConvertArgs{X: t.images, Y: t.x}})
	x := []backend.Tensor{t.x}
	for i, p := range t.parts {
		list = append(list, p.forwardCalls(x[i], t.mask, params)...)
		x = append(x, p.y)
	}
	list = append(list, call{plan: t.loss, args: t.lossArgs()})
	for i := len(t.parts) - 1; i >= 0; i-- {
		p, dx := t.parts[i], backend.Tensor{}
		if i > 0 {
			dx = t.parts[i-1].dy
		}
		own := grads[len(grads)-p.grads:]
		grads = grads[:len(grads)-p.grads]
		list = append(list, p.backwardCalls(x[i], dx, t.mask, params, own)...)
	}
	return list
}

// scratchOf is the scratch of a call: all share the workspace, what they save is their own.
func (t *Training) scratchOf(c call) backend.Scratch {
	s := t.scratch
	if n := c.plan.Saved(); n > 0 {
		s.Saved = backend.Bytes(t.scratch.Saved.Buf, t.scratch.Saved.Off+c.saved, n)
	}
	return s
}

// logits are what the last part gives, dlogits their gradient.
func (t *Training) logits() backend.Tensor  { return t.parts[len(t.parts)-1].y }
func (t *Training) dlogits() backend.Tensor { return t.parts[len(t.parts)-1].dy }

// Batch is how many images a step takes.
func (t *Training) Batch() int { return t.options.Batch }
