//go:build cgo && linux

package ascend

import (
	"errors"
	"slices"

	"mnv2/backend"
	"mnv2/csrc/acl"
)

// recording is a list of programs with the addresses they run on.
type recording struct {
	device *Device
	calls  []recordedCall
	closed bool
}

type recordedCall struct {
	plan      *plan
	ready     *ready
	addresses []acl.Address
	work      acl.Address
	buffers   []backend.Buffer // that must still be there
}

// Record implements backend.Recorder. Nothing is executed until the recording is run.
func (d *Device) Record(step func() error) (backend.Recording, error) {
	if err := d.enterDirect("record"); err != nil {
		return nil, err
	}
	r := &recording{device: d}
	d.recording = r
	d.leave()
	err := step()
	d.recording = nil
	if err != nil {
		return nil, err
	}
	return r, nil
}

// add appends one Run.
func (r *recording) add(p *plan, operands []backend.Tensor, s backend.Scratch) error {
	c := recordedCall{plan: p, ready: p.choose(operands)}
	c.addresses = make([]acl.Address, len(c.ready.addresses))
	var err error
	if c.work, err = p.address(c.ready, c.addresses, operands, s); err != nil {
		return err
	}
	for _, t := range append(slices.Clone(operands), s.Workspace, s.Saved) {
		if t.IsSet() && !slices.Contains(c.buffers, t.Buf) {
			c.buffers = append(c.buffers, t.Buf)
		}
	}
	r.calls = append(r.calls, c)
	return nil
}

// Run implements backend.Recording. It refuses before anything is queued if a buffer or plan is gone.
func (r *recording) Run() error {
	d := r.device
	if err := d.enterDirect("replay"); err != nil {
		return err
	}
	defer d.leave()
	if r.closed {
		return &backend.Error{Device: d.name, Op: "replay", Text: "recording is closed", Err: backend.ErrFreed}
	}
	for i := range r.calls {
		if err := r.calls[i].check(); err != nil {
			return d.fail("replay "+r.calls[i].plan.name, err)
		}
	}
	for i := range r.calls {
		c := &r.calls[i]
		if c.ready.batch == nil {
			continue
		}
		if err := c.plan.queue(c.ready, c.addresses, c.work); err != nil {
			return err
		}
	}
	return nil
}

func (c *recordedCall) check() error {
	if c.plan.closed {
		return errors.Join(backend.ErrFreed, errors.New("plan is closed"))
	}
	for _, b := range c.buffers {
		if _, err := c.plan.device.own(b); err != nil {
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
