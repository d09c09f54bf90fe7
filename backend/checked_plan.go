package backend

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// checkedPlan is a plan of a checked device.
type checkedPlan struct {
	Plan
	device *checked
	binder *Binder
	closed bool
}

// Close implements Plan.
func (p *checkedPlan) Close() error {
	p.closed = true
	return p.Plan.Close()
}

// Run implements Plan: it runs the operation, waits for it, and checks what it did.
func (p *checkedPlan) Run(args Args, s Scratch) error {
	if !p.device.busy.CompareAndSwap(false, true) {
		return p.device.fail(p.Op().String(), ErrConcurrent)
	}
	defer p.device.leave()
	if p.closed {
		return p.Plan.Run(args, s) // the device says that the plan is closed
	}
	tensors, err := p.binder.Bind(args)
	if err != nil {
		return err
	}
	if err := CheckScratch(p.Plan, s); err != nil {
		return err
	}
	inner := boundArgs{slices.Clone(tensors)}
	for i := range inner.tensors {
		if err := p.device.shift(p.Op(), &inner.tensors[i]); err != nil {
			return err
		}
	}
	if err := p.device.shiftScratch(p.Op(), &s); err != nil {
		return err
	}
	if r := p.device.recording; r != nil {
		r.steps = append(r.steps, func() error { return p.run(&inner, s) })
		return nil
	}
	return p.run(&inner, s)
}

// shift turns a tensor in a checked buffer into the same one in the device's own.
func (c *checked) shift(op Op, t *Tensor) error {
	if !t.IsSet() {
		return nil
	}
	b, err := c.own(op.String(), t.Buf, 0, 0)
	if err != nil {
		return err
	}
	t.Buf, t.Off = b.inner, guardBytes+t.Off
	return nil
}

func (c *checked) shiftScratch(op Op, s *Scratch) error {
	return firstError(c.shift(op, &s.Workspace), c.shift(op, &s.Saved))
}

// run runs the operation on the device's own buffers.
func (p *checkedPlan) run(inner *boundArgs, s Scratch) error {
	finite, err := p.inputsFinite(inner.tensors)
	if err != nil {
		return err
	}
	if err := p.Plan.Run(inner, s); err != nil {
		return err
	}
	if err := p.device.Backend.Sync(); err != nil {
		return fmt.Errorf("%v: %w", p.Op(), err)
	}
	if err := p.device.guards(); err != nil {
		return p.device.fail(p.Op().String(), err)
	}
	return p.checkOutputs(inner.tensors, finite)
}

// inputsFinite reports whether every input is, if values are to be checked. What an InOut operand holds before may not
// matter, so it counts as an output only.
func (p *checkedPlan) inputsFinite(tensors []Tensor) (bool, error) {
	if !p.device.options.Values {
		return true, nil
	}
	for i, o := range p.Op().Operands() {
		if o.Role != In {
			continue
		}
		raw, err := p.device.read(tensors[i])
		if err != nil {
			return false, err
		}
		if firstNonFinite(tensors[i].Desc, raw) >= 0 {
			return false, nil
		}
	}
	return true, nil
}

// checkOutputs wants outputs to be finite if the inputs were, and their padding lanes to be zero.
func (p *checkedPlan) checkOutputs(tensors []Tensor, finite bool) error {
	if !p.device.options.Values || !finite {
		return nil
	}
	for i, o := range p.Op().Operands() {
		if o.Role == In {
			continue
		}
		raw, err := p.device.read(tensors[i])
		if err != nil {
			return err
		}
		if at := firstNonFinite(o.Desc, raw); at >= 0 {
			return p.device.fail(p.Op().String(), fmt.Errorf("output %q is not finite at element %d of its memory, from finite inputs: %w", o.Name, at, ErrChecked))
		}
		if at := firstPadding(o.Desc, raw); at >= 0 {
			return p.device.fail(p.Op().String(), fmt.Errorf("output %q is not zero in the padding lane at element %d of its memory: %w", o.Name, at, ErrChecked))
		}
	}
	return nil
}

// read downloads a tensor in a buffer of the device itself.
func (c *checked) read(t Tensor) ([]byte, error) {
	raw := make([]byte, t.Bytes())
	return raw, c.Backend.Download(raw, t.Buf, t.Off)
}

// firstNonFinite returns the place in memory of the first NaN or infinity, or -1.
func firstNonFinite(d Desc, raw []byte) int {
	exponent := map[DType]uint32{F32: 0x7f80_0000, F16: 0x7c00, BF16: 0x7f80}[d.DType]
	for i := range int64(len(raw)) / d.DType.Size() {
		if exponent != 0 && bitsAt(d, raw, int(i))&exponent == exponent {
			return int(i)
		}
	}
	return -1
}

// firstPadding returns the place in memory of the first lane beyond C that is not zero, or -1.
func firstPadding(d Desc, raw []byte) int {
	if d.paddedC() == d.C {
		return -1
	}
	padded := d
	padded.C = d.paddedC()
	for n := range d.N {
		for h := range d.H {
			for w := range d.W {
				for c := d.C; c < padded.C; c++ {
					if at := padded.Index(n, h, w, c); bitsAt(d, raw, at)&math.MaxInt32 != 0 {
						return at
					}
				}
			}
		}
	}
	return -1
}

// bitsAt returns the bits of element i of raw.
func bitsAt(d Desc, raw []byte, i int) uint32 {
	switch d.DType.Size() {
	case 4:
		return binary.LittleEndian.Uint32(raw[4*i:])
	case 2:
		return uint32(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return uint32(raw[i])
}

// checkedRecording is a list of operations with the addresses they were recorded with.
type checkedRecording struct {
	device *checked
	steps  []func() error
}

// Record implements Recorder: it notes the operations and executes nothing.
func (c *checked) Record(step func() error) (Recording, error) {
	if err := c.enter("record"); err != nil {
		return nil, err
	}
	r := &checkedRecording{device: c}
	c.recording = r
	c.leave() // the step calls Run
	defer func() { c.recording = nil }()
	if err := step(); err != nil {
		return nil, err
	}
	return r, nil
}

// Run implements Recording.
func (r *checkedRecording) Run() error {
	if err := r.device.enter("replay"); err != nil {
		return err
	}
	defer r.device.leave()
	for _, step := range r.steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Close implements Recording.
func (r *checkedRecording) Close() error {
	r.steps = nil
	return nil
}
