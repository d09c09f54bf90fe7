package cpu

import (
	"slices"

	"mnv2/backend"
)

// recording is a list of plans with the memory each was run on.
type recording struct {
	device *Device
	calls  []recordedCall
	closed bool
}

type recordedCall struct {
	plan     *plan
	operands []backend.Tensor
	scratch  backend.Scratch
}

// Record implements backend.Recorder. Nothing is executed until the recording is run.
func (d *Device) Record(step func() error) (backend.Recording, error) {
	if err := d.enterDirect("record"); err != nil {
		return nil, err
	}
	r := &recording{device: d}
	d.recording = r
	d.leave()
	defer func() { d.recording = nil }()
	if err := step(); err != nil {
		return nil, err
	}
	return r, nil
}

// add appends one Run.
func (r *recording) add(p *plan, operands []backend.Tensor, s backend.Scratch) error {
	if err := p.checkMemory(operands, s); err != nil {
		return err
	}
	r.calls = append(r.calls, recordedCall{p, slices.Clone(operands), s})
	return nil
}

// Run implements backend.Recording. It refuses before anything is executed if a buffer or plan is gone.
func (r *recording) Run() error {
	d := r.device
	if err := d.enterDirect("replay"); err != nil {
		return err
	}
	defer d.leave()
	if r.closed {
		return &backend.Error{Device: deviceName, Op: "replay", Text: "recording is closed", Err: backend.ErrFreed}
	}
	for i := range r.calls {
		c := &r.calls[i]
		if c.plan.closed {
			return &backend.Error{Device: deviceName, Op: c.plan.name, Text: "replay: plan is closed", Err: backend.ErrFreed}
		}
		if err := c.plan.checkMemory(c.operands, c.scratch); err != nil {
			return err
		}
	}
	for i := range r.calls {
		c := &r.calls[i]
		if err := c.plan.execute(c.operands, c.scratch); err != nil {
			return err
		}
	}
	return nil
}

// Close implements backend.Recording. Closing again does nothing.
func (r *recording) Close() error {
	r.closed, r.calls = true, nil
	return nil
}
