package model

import (
	"errors"
	"fmt"

	"mnv2/backend"
)

// TrainingOptions say for what a [Training] is made ready.
type TrainingOptions struct {
	Batch int // images a step
	Size  int // side of the square images
	Normalization
	Smoothing float64      // of the labels
	SumLoss   bool         // the gradient is that of the sum of the losses, not of their mean
	Rule      backend.Rule // of the optimizer
	Fuse      backend.Fuse
}

// Hyper are the numbers of one optimizer group in one step, as [backend.Update] names them.
type Hyper struct {
	LR, WeightDecay, Momentum          float64
	Second, Eps                        float64
	FirstScale, SecondScale, GradShare float64
	Decoupled                          float64
}

// put writes h where the group's numbers lie.
func (h Hyper) put(group []float32) {
	for i, v := range [...]float64{backend.HyperLR: h.LR, backend.HyperWeightDecay: h.WeightDecay, backend.HyperMomentum: h.Momentum,
		backend.HyperSecond: h.Second, backend.HyperEps: h.Eps, backend.HyperFirstScale: h.FirstScale,
		backend.HyperSecondScale: h.SecondScale, backend.HyperGradShare: h.GradShare, backend.HyperDecoupled: h.Decoupled} {
		if i != backend.HyperGradScale { // SetLossScale's
			group[i] = float32(v)
		}
	}
}

// Training is a network made ready for training steps on one device.
type Training struct {
	state   *TrainState
	options TrainingOptions
	memory  memory
	scratch backend.Scratch
	plans   []backend.Plan

	convert, forward, loss, backward backend.Plan
	updates                          []backend.Plan

	images, labels, mask, x, y, dy, losses, scale, hyper, ends backend.Tensor

	record backend.Recording
	hypers []float32
}

// NewTraining makes the network of s ready for steps.
func NewTraining(s *TrainState, o TrainingOptions) (*Training, error) {
	t := &Training{state: s, options: o, memory: memory{device: s.params.device}}
	if err := t.build(); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

func (t *Training) build() error {
	info := t.state.params.device.Info()
	chain, err := t.state.params.arch.Blocks(backend.Forward, info.DTypes[0], info.Layout, t.options.Batch, t.options.Size)
	if err != nil {
		return err
	}
	if err := t.compile(chain); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	t.reserve(chain)
	t.scratch, err = t.memory.allocate("training",
		&t.images, &t.labels, &t.mask, &t.x, &t.y, &t.dy, &t.losses, &t.scale, &t.hyper, &t.ends)
	if err != nil {
		return err
	}
	if err := errors.Join(t.SetLossScale(1), t.storeEnds()); err != nil {
		return err
	}
	t.record, err = backend.Record(t.state.params.device, t.issue())
	return err
}

func (t *Training) compile(chain backend.Chain) error {
	b, err := t.state.params.device, error(nil)
	keep := func(p backend.Plan, e error) backend.Plan {
		if e == nil {
			t.plans = append(t.plans, p)
		}
		err = errors.Join(err, e)
		return p
	}
	y := chain.Out()
	t.convert = keep(backend.Compile(b, t.options.convert(chain.In())))
	t.loss = keep(backend.Compile(b, backend.SoftmaxCrossEntropy{Pass: backend.Backward, DType: y.DType, Layout: y.Layout,
		N: y.N, C: y.C, Smoothing: float32(t.options.Smoothing), Mean: !t.options.SumLoss}))
	for _, g := range t.state.params.groups {
		t.updates = append(t.updates, keep(backend.Compile(b, t.updateOp(g))))
	}
	forward, backward, pairErr := backend.CompilePair(b, chain, chain.WithPass(backend.Backward, false), t.options.Fuse)
	if pairErr != nil {
		return errors.Join(err, pairErr)
	}
	t.forward, t.backward = keep(forward, nil), keep(backward, nil)
	return err
}

func (t *Training) reserve(chain backend.Chain) {
	y, groups := chain.Out(), len(t.state.params.groups)
	t.x, t.y, t.dy = t.memory.reserve(chain.In()), t.memory.reserve(y), t.memory.reserve(y)
	t.images = t.memory.reserve(t.convert.Op().(backend.Convert).From)
	t.labels = t.memory.reserve(backend.Vec(backend.I32, y.N))
	t.losses = t.memory.reserve(backend.Vec(backend.F32, y.N))
	t.scale = t.memory.reserve(backend.Vec(backend.F32, 1))
	t.hyper = t.memory.reserve(backend.Vec(backend.F32, groups*slotElements))
	t.ends = t.memory.reserve(backend.Vec(backend.I32, groups*endsRoom))
	t.hypers = make([]float32, groups*slotElements)
	if mask, ok := chain.DropMask(); ok {
		t.mask = t.memory.reserve(mask)
	}
	t.memory.want(t.plans...)
	t.memory.saved = t.forward.Saved()
}

// issue returns the function that queues one step.
func (t *Training) issue() func() error {
	p := t.state.params
	var params, grads []backend.Tensor
	for i, q := range p.arch.params {
		params = append(params, p.tensors[i])
		if q.Kind.Trainable() {
			grads = append(grads, p.inArena(i, t.state.gradients))
		}
	}
	if t.mask.Desc == (backend.Desc{}) {
		t.mask = backend.Tensor{}
	}
	convert := &backend.ConvertArgs{X: t.images, Y: t.x}
	forward := &backend.BlockArgs{X: t.x, Mask: t.mask, Params: params, Y: t.y}
	loss := &backend.SoftmaxCrossEntropyArgs{Logits: t.y, Labels: t.labels, Scale: t.scale, Loss: t.losses, DLogits: t.dy}
	backward := &backend.BlockArgs{X: t.x, DY: t.dy, Mask: t.mask, Params: params, Grads: grads}
	updates := t.updateArgs()
	return func() error {
		if err := t.convert.Run(convert, t.scratch); err != nil {
			return err
		}
		if err := t.forward.Run(forward, t.scratch); err != nil {
			return err
		}
		if err := t.loss.Run(loss, t.scratch); err != nil {
			return err
		}
		if err := t.backward.Run(backward, t.scratch); err != nil {
			return err
		}
		for i, update := range t.updates {
			if err := update.Run(updates[i], t.scratch); err != nil {
				return err
			}
		}
		return nil
	}
}

// SetLossScale sets the factor by which gradients are multiplied on their way back and divided before the update.
func (t *Training) SetLossScale(scale float64) error {
	for i := range t.updates {
		t.hypers[i*slotElements+backend.HyperGradScale] = float32(1 / scale)
	}
	return t.state.params.device.Upload(t.scale.Buf, t.scale.Off, bytesOf([]float32{float32(scale)}))
}

// MaskLen returns the length of the dropout mask that Step takes, 0 if there is no dropout.
func (t *Training) MaskLen() int { return t.mask.Elements() }

// Step queues one training step on a full batch: bytes in pixel order (N, H, W, C), class indices, a dropout mask of zeros
// and ones if MaskLen is not 0, and the numbers of each optimizer group. It does not wait.
func (t *Training) Step(images []byte, labels []int32, mask []byte, hyper []Hyper) error {
	if len(images) != int(t.images.Bytes()) || len(labels) != t.labels.Elements() ||
		len(mask) != t.MaskLen() || len(hyper) != len(t.updates) {
		return fmt.Errorf("model: step: got %d bytes of images, %d labels, %d of mask, %d groups; want %d, %d, %d, %d",
			len(images), len(labels), len(mask), len(hyper), t.images.Bytes(), t.labels.Elements(), t.MaskLen(), len(t.updates))
	}
	for i, h := range hyper {
		h.put(t.hypers[i*slotElements:])
	}
	for _, input := range []struct {
		to   backend.Tensor
		from []byte
	}{{t.images, images}, {t.labels, bytesOf(labels)}, {t.hyper, bytesOf(t.hypers)}, {t.mask, mask}} {
		if len(input.from) == 0 {
			continue
		}
		if err := t.state.params.device.Upload(input.to.Buf, input.to.Off, input.from); err != nil {
			return fmt.Errorf("model: step: %w", err)
		}
	}
	return t.record.Run()
}

// Losses waits for the last step and writes its loss of each image to dst.
func (t *Training) Losses(dst []float32) error {
	if len(dst) != t.losses.Elements() {
		return fmt.Errorf("model: losses: room for %d, want %d", len(dst), t.losses.Elements())
	}
	return t.state.params.device.Download(bytesOf(dst), t.losses.Buf, t.losses.Off)
}

// Memory returns the bytes this network holds on the device; parameters, gradients and velocity not counted.
func (t *Training) Memory() int64 { return t.memory.bytes() }

// Close frees what the network holds. Parameters and state stay.
func (t *Training) Close() error {
	var err error
	if t.record != nil {
		err = t.record.Close()
	}
	return errors.Join(err, closeAll(t.plans...), t.memory.free())
}
