//go:build cgo && linux

package ascend

import (
	"errors"
	"fmt"

	"mnv2/backend"
	"mnv2/csrc/acl"
)

// ready is a program whose calls the vendor has planned.
type ready struct {
	program   *program
	batch     *acl.Batch
	addresses []acl.Address // of the run in progress
}

// plan implements backend.Plan. Operations whose output may lie on an input can have a second program for that case.
type plan struct {
	device      *Device
	op          backend.Op
	name        string
	binder      *backend.Binder
	ready       [2]*ready // apart, in place
	out, in     int       // the operands that may be one, or both 0
	work, saved int64
	closed      bool
}

func index(inPlace bool) int {
	if inPlace {
		return 1
	}
	return 0
}

// findAlias notes which output may lie on which input.
func (p *plan) findAlias() {
	operands := p.op.Operands()
	for i, o := range operands {
		for j, other := range operands {
			if o.InPlace != "" && o.InPlace == other.Name {
				p.out, p.in = i, j
			}
		}
	}
}

// variants lists which programs are wanted. The vendor allows an output on an input only for operators that work element by
// element.
func (p *plan) variants() []bool {
	switch p.op.(type) {
	case backend.BatchNorm, backend.Activation:
		return []bool{false, true}
	}
	return []bool{false}
}

// Op implements backend.Plan.
func (p *plan) Op() backend.Op { return p.op }

// Workspace implements backend.Plan.
func (p *plan) Workspace() int64 { return p.work }

// Saved implements backend.Plan.
func (p *plan) Saved() int64 { return p.saved }

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
	if d.recording != nil {
		return d.recording.add(p, operands, s)
	}
	return p.execute(operands, s)
}

// choose returns the program for these operands.
func (p *plan) choose(operands []backend.Tensor) *ready {
	if p.out != p.in && p.ready[1] != nil && operands[p.out].Buf == operands[p.in].Buf && operands[p.out].Off == operands[p.in].Off {
		return p.ready[1]
	}
	return p.ready[0]
}

// execute queues the program on memory whose sizes were checked.
func (p *plan) execute(operands []backend.Tensor, s backend.Scratch) error {
	r := p.choose(operands)
	if r.batch == nil {
		return nil
	}
	work, err := p.address(r, r.addresses, operands, s)
	if err != nil {
		return err
	}
	return p.queue(r, r.addresses, work)
}

// queue runs the calls of r at addresses.
func (p *plan) queue(r *ready, addresses []acl.Address, work acl.Address) error {
	d := p.device
	d.queued, d.last = d.queued+1, p
	if status := r.program.status; status != nil {
		if err := d.c.OverflowStatus(work + acl.Address(status.off)); err != nil {
			return d.fail(p.name, err)
		}
	}
	if err := r.batch.Run(addresses, d.workspace); err != nil {
		return d.fail(p.name+callName(r.program.specs, err), err)
	}
	return nil
}

// address fills in where every tensor is and returns where the workspace begins.
func (p *plan) address(r *ready, addresses []acl.Address, operands []backend.Tensor, s backend.Scratch) (work acl.Address, err error) {
	var saved acl.Address
	if p.work > 0 {
		if work, err = p.locate(s.Workspace, "workspace"); err != nil {
			return 0, err
		}
	}
	if p.saved > 0 {
		if saved, err = p.locate(s.Saved, "saved"); err != nil {
			return 0, err
		}
	}
	for i := range r.program.refs {
		switch v := &r.program.refs[i]; v.place {
		case inOperand:
			if addresses[i], err = p.locate(operands[v.index], ""); err != nil {
				return 0, err
			}
		case inWork:
			addresses[i] = work + acl.Address(v.off)
		case inSaved:
			addresses[i] = saved + acl.Address(v.off)
		default:
			addresses[i] = acl.Address(v.off)
		}
	}
	return work, nil
}

func (p *plan) locate(t backend.Tensor, what string) (acl.Address, error) {
	b, err := p.device.own(t.Buf)
	if err != nil {
		if what != "" {
			err = fmt.Errorf("%s: %w", what, err)
		}
		return 0, p.device.fail(p.name, err)
	}
	return b.address + acl.Address(t.Off), nil
}

// Close implements backend.Plan. Closing again does nothing.
func (p *plan) Close() error {
	if err := p.device.acquire("close " + p.name); err != nil {
		return err
	}
	defer p.device.leave()
	if p.closed {
		return nil
	}
	return p.release()
}

// release gives back what the vendor holds for the plan.
func (p *plan) release() error {
	p.closed = true
	delete(p.device.plans, p)
	var errs []error
	for _, r := range p.ready {
		if r != nil && r.batch != nil {
			if err := r.batch.Close(); err != nil {
				errs = append(errs, p.device.fail("close "+p.name, err))
			}
		}
	}
	return errors.Join(errs...)
}
