package profile

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"mnv2/backend"
)

// Device wraps a device and times what runs on it, from Start to Stop. Like every Backend it is for one goroutine at a time.
type Device struct {
	backend.Backend
	running   bool
	rows      map[any]*Row
	before    backend.Counts
	recording *recording // the one that is being made
}

// New returns b, profiled. A chain of blocks runs block by block, so that each has its row, unless the device can tell the parts of
// its own plan for the chain apart.
func New(b backend.Backend) *Device { return &Device{Backend: b, rows: map[any]*Row{}} }

// Unwrap returns the device inside, for [backend.As].
func (d *Device) Unwrap() backend.Backend { return d.Backend }

// Start begins to count. What ran before (the first steps, which allocate and compile) is not in the table.
func (d *Device) Start() {
	clear(d.rows)
	d.before, _ = backend.CountsOf(d.Backend)
	d.running = true
}

// Stop ends counting and returns the table of n steps, the largest share first.
func (d *Device) Stop(steps int) Table {
	d.running = false
	t := Table{Steps: steps}
	if now, ok := backend.CountsOf(d.Backend); ok {
		counts := now.Since(d.before)
		t.Counts = &counts
	}
	for _, r := range d.rows {
		t.Rows = append(t.Rows, *r)
		t.Operations += r.Time
	}
	slices.SortFunc(t.Rows, byTime)
	return t
}

// Compile implements Backend.
func (d *Device) Compile(op backend.Op) (backend.Plan, error) {
	inner, err := d.Backend.Compile(op)
	if err != nil {
		return nil, err
	}
	p := &plan{Plan: inner, device: d, binder: backend.NewBinder(op)}
	chain, ok := op.(backend.Chain)
	if !ok {
		return p, nil
	}
	if p.parts = partsOf(inner); p.parts == nil && chain.Pass != backend.Prepare {
		return nil, errors.Join(backend.Unsupported(d.Info().Device, op, "a profile runs it block by block"), inner.Close())
	}
	p.took = make([]time.Duration, len(p.parts))
	return p, nil
}

// partsOf lists what the plan can time of its operation.
func partsOf(p backend.Plan) []backend.Part {
	if t, ok := p.(backend.PartsTimer); ok {
		return t.Parts()
	}
	return nil
}

// plan is a plan of a profiled device.
type plan struct {
	backend.Plan
	device *Device
	binder *backend.Binder
	parts  []backend.Part // of a chain that runs as a whole
	took   []time.Duration
}

// Run implements Plan.
func (p *plan) Run(args backend.Args, s backend.Scratch) error {
	if p.device.recording == nil {
		return p.timed(args, s)
	}
	tensors, err := p.binder.Bind(args)
	if err != nil {
		return err
	}
	kept := bound(slices.Clone(tensors))
	p.device.recording.steps = append(p.device.recording.steps, func() error { return p.timed(kept, s) })
	return nil
}

// timed runs the operation and adds what it took to its row.
func (p *plan) timed(args backend.Args, s backend.Scratch) error {
	if !p.device.running {
		return p.Plan.Run(args, s)
	}
	if p.parts != nil {
		return p.timedParts(args, s)
	}
	took, err := backend.Elapsed(p.device.Backend, func() error { return p.Plan.Run(args, s) })
	if err != nil {
		return err
	}
	p.device.add(p.Op(), newRow, took)
	return nil
}

// timedParts runs the chain and adds what its parts took to their rows.
func (p *plan) timedParts(args backend.Args, s backend.Scratch) error {
	if err := p.Plan.(backend.PartsTimer).RunParts(args, s, p.took); err != nil {
		return err
	}
	for i, part := range p.parts {
		p.device.add(part, rowOfPart, p.took[i])
	}
	return nil
}

// add adds a run to the row of key, which is an operation or a part of one.
func (d *Device) add(key any, newRow func(key any) *Row, took time.Duration) {
	r, ok := d.rows[key]
	if !ok {
		r = newRow(key)
		d.rows[key] = r
	}
	r.Count++
	r.Time += took
}

// bound are arguments that were captured.
type bound []backend.Tensor

// Bind implements Args.
func (b bound) Bind(dst []backend.Tensor) []backend.Tensor { return append(dst, b...) }

// recording is a list of operations with the addresses they were recorded with.
type recording struct{ steps []func() error }

// Record implements Recorder: it notes the operations and executes nothing.
func (d *Device) Record(step func() error) (backend.Recording, error) {
	if d.recording != nil {
		return nil, &backend.Error{Device: d.Info().Device, Op: "record", Err: backend.ErrRecording}
	}
	r := &recording{}
	d.recording = r
	defer func() { d.recording = nil }()
	if err := step(); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return r, nil
}

// Run implements Recording.
func (r *recording) Run() error {
	for _, step := range r.steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Close implements Recording.
func (r *recording) Close() error {
	r.steps = nil
	return nil
}
