//go:build cgo && linux

package cuda

import (
	"fmt"

	"mnv2/backend"
	"mnv2/csrc/nv"
)

// plan implements backend.Plan.
type plan struct {
	device  *Device
	op      backend.Op
	name    string
	binder  *backend.Binder
	program *program
	bases   bases // of the run in progress
	closed  bool
}

// Op implements backend.Plan.
func (p *plan) Op() backend.Op { return p.op }

// Workspace implements backend.Plan.
func (p *plan) Workspace() int64 { return p.program.work }

// Saved implements backend.Plan.
func (p *plan) Saved() int64 { return p.program.saved }

// Run implements backend.Plan.
func (p *plan) Run(args backend.Args, s backend.Scratch) error {
	d := p.device
	if err := d.enter(p.name); err != nil {
		return err
	}
	defer d.leave()
	if p.closed {
		return &backend.Error{Device: d.name, Op: p.name, Text: "plan is closed", Err: backend.ErrFreed}
	}
	operands, err := p.binder.Bind(args)
	if err != nil {
		return d.fail("run", err)
	}
	if err := backend.CheckScratch(p, s); err != nil {
		return d.fail("run", err)
	}
	if err := p.locate(operands, s); err != nil {
		return d.fail(p.name, err)
	}
	if d.recording != nil {
		d.recording.use(p, operands, s)
	}
	return p.queue()
}

// queue queues the launches at the addresses that were located.
func (p *plan) queue() error {
	d := p.device
	p.program.aim(p.bases)
	d.queued, d.last = d.queued+1, p
	if d.recording == nil {
		d.counts.Launches += int64(p.program.steps())
	} else {
		d.recording.launches += int64(p.program.steps())
	}
	if err := p.program.queue(); err != nil {
		return d.fail(p.name, err)
	}
	return nil
}

// locate finds the addresses of everything that the plan was given.
func (p *plan) locate(operands []backend.Tensor, s backend.Scratch) (err error) {
	for i, t := range operands {
		if p.bases.operands[i], err = p.device.address(t); err != nil {
			return fmt.Errorf("%s: %w", p.program.operands[i].Name, err)
		}
	}
	if p.program.work > 0 {
		if p.bases.work, err = p.device.address(s.Workspace); err != nil {
			return fmt.Errorf("workspace: %w", err)
		}
	}
	if p.program.saved > 0 {
		if p.bases.saved, err = p.device.address(s.Saved); err != nil {
			return fmt.Errorf("saved: %w", err)
		}
	}
	return nil
}

func (d *Device) address(t backend.Tensor) (nv.DevicePtr, error) {
	b, err := d.own(t.Buf)
	if err != nil {
		return 0, err
	}
	return b.address + nv.DevicePtr(t.Off), nil
}

// Close implements backend.Plan. Closing again does nothing. Work that is queued has its own copy of the arguments.
func (p *plan) Close() error {
	if err := p.device.acquire("close " + p.name); err != nil {
		return err
	}
	defer p.device.leave()
	if !p.closed {
		p.closed = true
		delete(p.device.plans, p)
		p.program.close()
	}
	return nil
}
