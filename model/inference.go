package model

import (
	"errors"
	"fmt"

	"mnv2/backend"
)

// InferenceOptions say for what an [Inference] is made ready.
type InferenceOptions struct {
	Batch int           // images a run
	Size  int           // side of the square images
	DType backend.DType // of activations and products; 0 for what the device prefers
	Normalization
	Fuse backend.Fuse
}

// Inference is a network made ready to classify batches of images on one device.
type Inference struct {
	params  *Parameters
	options InferenceOptions
	filters filters
	memory  memory
	scratch backend.Scratch
	plans   []backend.Plan

	convert, prepare, infer, output backend.Plan
	images, x, y, logits            backend.Tensor

	record  backend.Recording
	staging []byte // a batch that is not full; nil where batches are one image
	rows    []float32
}

// NewInference makes the network of p ready. Prepare runs at once, so that the parameters p has now are used.
func NewInference(p *Parameters, o InferenceOptions) (*Inference, error) {
	n := &Inference{params: p, options: o, memory: memory{device: p.device}}
	if err := n.build(); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// lay makes the plans and says what memory they need.
func (n *Inference) lay() error {
	device := n.params.device
	n.filters = filters{params: n.params, dtype: activations(device, n.options.DType)}
	chain, err := n.params.arch.Blocks(backend.Infer, n.filters.dtype, device.Info().Layout, n.options.Batch, n.options.Size)
	if err != nil {
		return err
	}
	if err := n.compile(chain); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	n.filters.reserve(&n.memory)
	n.x, n.y = n.memory.reserve(chain.In()), n.memory.reserve(chain.Out())
	n.images = n.memory.reserve(n.convert.Op().(backend.Convert).From)
	n.logits = n.memory.reserve(n.output.Op().(backend.Convert).To)
	n.memory.want(n.plans...)
	n.memory.saved = n.infer.Saved()
	return nil
}

func (n *Inference) build() error {
	err := n.lay()
	if err != nil {
		return err
	}
	if n.scratch, err = n.memory.allocate("inference", &n.filters.copy, &n.x, &n.y, &n.images, &n.logits); err != nil {
		return err
	}
	if n.options.Batch > 1 {
		n.staging = make([]byte, n.images.Bytes())
	}
	n.rows = make([]float32, n.logits.Elements())
	if err := n.Prepare(); err != nil {
		return err
	}
	n.record, err = backend.Record(n.params.device, n.issue())
	return err
}

func (n *Inference) compile(chain backend.Chain) error {
	b, err := n.params.device, error(nil)
	keep := func(p backend.Plan, e error) backend.Plan {
		if e == nil {
			n.plans = append(n.plans, p)
		}
		err = errors.Join(err, e)
		return p
	}
	if op, isNeeded := n.filters.op(); isNeeded {
		n.filters.renew = keep(backend.Compile(b, op))
	}
	n.convert = keep(backend.Compile(b, n.options.convert(chain.In())))
	n.output = keep(backend.Compile(b, logitsOut(chain.Out())))
	prepare, infer, pairErr := backend.CompilePair(b, chain.WithPass(backend.Prepare, false), chain, n.options.Fuse)
	n.prepare, n.infer = keep(prepare, pairErr), keep(infer, nil)
	return err
}

// Prepare tells the device that the parameters have changed since the last run.
func (n *Inference) Prepare() error {
	for _, c := range append(n.filters.calls(), call{plan: n.prepare, args: &backend.BlockArgs{Params: n.filters.tensors()}}) {
		if err := c.plan.Run(c.args, n.scratch); err != nil {
			return err
		}
	}
	return nil
}

// ReleaseParameters gives back the memory of the parameters if this network can do without: on a device that has packed them
// for itself, and can forget buffers. The parameters then have no values, for other networks neither, until they are stored
// again; [Inference.Prepare] must wait for that. It reports whether it did so.
func (n *Inference) ReleaseParameters() (bool, error) {
	device, ok := backend.As[backend.Releaser](n.params.device)
	plan, prepared := n.infer.(backend.Prepared)
	if !ok || !prepared || !plan.Prepared() {
		return false, nil
	}
	return true, errors.Join(device.Release(n.params.values), device.Release(n.params.statistics))
}

// issue returns the function that queues one run: bytes to numbers, the network, logits to rows.
func (n *Inference) issue() func() error {
	convert := &backend.ConvertArgs{X: n.images, Y: n.x}
	infer := &backend.BlockArgs{X: n.x, Params: n.filters.tensors(), Y: n.y}
	output := &backend.ConvertArgs{X: n.y, Y: n.logits}
	return func() error {
		if err := n.convert.Run(convert, n.scratch); err != nil {
			return err
		}
		if err := n.infer.Run(infer, n.scratch); err != nil {
			return err
		}
		return n.output.Run(output, n.scratch)
	}
}

// Logits classifies count images, at most a batch, given as bytes in pixel order (N, H, W, C). It writes count rows of one
// score per class to dst and waits for them.
func (n *Inference) Logits(dst []float32, images []byte, count int) error {
	device, classes := n.params.device, n.params.arch.Classes
	batch := int(n.images.Bytes())
	image := batch / n.options.Batch
	switch {
	case count < 1 || count > n.options.Batch:
		return fmt.Errorf("model: classify %d images: want 1 to %d", count, n.options.Batch)
	case len(images) < count*image:
		return fmt.Errorf("model: classify %d images: got %d bytes, want %d", count, len(images), count*image)
	case len(dst) < count*classes:
		return fmt.Errorf("model: classify %d images: room for %d scores, want %d", count, len(dst), count*classes)
	}
	if count < n.options.Batch {
		clear(n.staging[copy(n.staging, images[:count*image]):])
		images = n.staging
	}
	if err := device.Upload(n.images.Buf, n.images.Off, images[:batch]); err != nil {
		return err
	}
	if err := n.record.Run(); err != nil {
		return err
	}
	if err := device.Download(bytesOf(n.rows), n.logits.Buf, n.logits.Off); err != nil {
		return err
	}
	copy(dst, n.rows[:count*classes])
	return nil
}

// Memory returns the bytes this network holds on the device, parameters not counted.
func (n *Inference) Memory() int64 { return n.memory.bytes() }

// Close frees what the network holds. The parameters stay.
func (n *Inference) Close() error {
	var err error
	if n.record != nil {
		err = n.record.Close()
	}
	return errors.Join(err, closeAll(n.plans...), n.memory.free())
}
