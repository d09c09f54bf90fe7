package model

import (
	"errors"
	"fmt"

	"mnv2/backend"
)

// TrainingOptions say for what a [Training] is made ready.
type TrainingOptions struct {
	Batch int           // images a step
	Size  int           // side of the square images
	DType backend.DType // of activations and products; 0 for what the device prefers
	Normalization
	Loss      backend.LossKind // 0 is softmax cross-entropy; all others want soft targets
	Smoothing float64          // of the labels
	Soft      bool             // targets are rows of probabilities, not labels
	SumLoss   bool             // the gradient is that of the sum of the losses, not of their mean
	DropPath  float64          // rate of the last block; 0 for none
	Rule      backend.Rule     // of the optimizer
	Clip      float64          // limit of the gradient's norm; 0 for none
	Window    int              // steps after which the loss scale is doubled; 0 keeps it
	Fuse      backend.Fuse
}

// Training is a network made ready for training steps on one device.
type Training struct {
	state   *TrainState
	options TrainingOptions
	filters filters
	memory  memory
	scratch backend.Scratch
	plans   []backend.Plan

	chain         backend.Chain // the whole network
	parts         []*part       // what it is trained as
	paths         int           // of them with drop path
	convert, loss backend.Plan
	updates       []backend.Plan
	guard         guard
	blends        blends

	images, labels, target, mask, x, losses, plan, hyper, ends backend.Tensor

	rows    rows
	numbers []float32 // what is uploaded to plan, or to hyper
	records [2]backend.Recording
}

// The steps that are recorded: one that only adds its gradients up, and one that updates.
const (
	recordGather = iota
	recordUpdate
)

// NewTraining makes the network of s ready for steps.
func NewTraining(s *TrainState, o TrainingOptions) (*Training, error) {
	t := &Training{state: s, options: o, memory: memory{device: s.params.device}, rows: s.rows()}
	if err := t.build(); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// lay makes the plans and says what memory they need.
func (t *Training) lay() error {
	device := t.state.params.device
	t.filters = filters{params: t.state.params, dtype: activations(device, t.options.DType)}
	var err error
	t.chain, err = t.state.params.arch.Blocks(backend.Forward, t.filters.dtype, device.Info().Layout, t.options.Batch, t.options.Size)
	if err != nil {
		return err
	}
	if t.parts, err = t.state.params.arch.parts(t.chain, t.options.DropPath); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	t.paths = len(t.PathRates())
	if err := t.compile(); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	t.reserve()
	return nil
}

func (t *Training) build() error {
	err := t.lay()
	if err != nil {
		return err
	}
	t.scratch, err = t.memory.allocate("training", t.tensors()...)
	if err != nil {
		return err
	}
	if err := t.storeEnds(); err != nil {
		return err
	}
	step := t.issue()
	for kind := range t.records {
		if kind == recordGather && t.state.Accumulate < 2 {
			continue
		}
		t.records[kind], err = backend.Record(t.state.params.device, func() error { return step(kind == recordUpdate) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *Training) compile() error {
	b, err := t.state.params.device, error(nil)
	keep := func(p backend.Plan, e error) backend.Plan {
		if e == nil {
			t.plans = append(t.plans, p)
		}
		err = errors.Join(err, e)
		return p
	}
	y := t.chain.Out()
	if op, isNeeded := t.filters.op(); isNeeded {
		t.filters.renew = keep(backend.Compile(b, op))
	}
	t.convert = keep(backend.Compile(b, t.options.convert(t.chain.In())))
	t.loss = keep(backend.Compile(b, t.options.lossOp(y)))
	for _, g := range t.state.params.groups {
		t.updates = append(t.updates, keep(backend.Compile(b, t.updateOp(g))))
	}
	err = errors.Join(err, t.compileGuard(), t.compileBlends())
	for i, p := range t.parts {
		plans, e := p.compile(b, t.options.Fuse, i > 0)
		t.plans = append(t.plans, plans...)
		err = errors.Join(err, e)
	}
	return err
}

func (t *Training) reserve() {
	y := t.chain.Out()
	t.filters.reserve(&t.memory)
	t.x = t.memory.reserve(t.chain.In())
	t.images = t.memory.reserve(t.convert.Op().(backend.Convert).From)
	if t.options.Soft {
		t.target = t.memory.reserve(backend.Matrix(backend.F32, y.N, y.C))
	} else {
		t.labels = t.memory.reserve(backend.Vec(backend.I32, y.N))
	}
	t.losses = t.memory.reserve(backend.Vec(backend.F32, y.N))
	t.plan = t.memory.reserve(backend.Matrix(backend.F32, 2*t.rows.count, backend.HyperRoom))
	t.hyper = t.memory.reserve(backend.Matrix(backend.F32, t.rows.count, backend.HyperRoom))
	t.ends = t.memory.reserve(backend.Vec(backend.I32, len(t.updates)*endsRoom))
	t.numbers = make([]float32, 2*t.rows.count*backend.HyperRoom)
	if mask, ok := t.chain.DropMask(); ok {
		t.mask = t.memory.reserve(mask)
	}
	t.guard.reserve(&t.memory)
	for _, p := range t.parts {
		p.reserve(&t.memory)
	}
	t.memory.want(t.plans...)
}

// tensors are those that lie in the arena of this network.
func (t *Training) tensors() []*backend.Tensor {
	var list []*backend.Tensor
	all := append(t.guard.tensors(), &t.filters.copy, &t.images, &t.labels, &t.target, &t.mask, &t.x, &t.losses, &t.plan, &t.hyper, &t.ends)
	for _, p := range t.parts {
		all = append(all, p.tensors()...)
	}
	for _, tensor := range all {
		if tensor.Desc != (backend.Desc{}) {
			list = append(list, tensor)
		}
	}
	return list
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
	var errs []error
	for _, r := range t.records {
		if r != nil {
			errs = append(errs, r.Close())
		}
	}
	return errors.Join(append(errs, closeAll(t.plans...), t.memory.free())...)
}
