package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/pages"
)

// Release implements backend.Releaser: buffers of pages of their own give them back to the system until they are written.
func (d *Device) Release(b backend.Buffer) error {
	if err := d.enterDirect("release"); err != nil {
		return err
	}
	defer d.leave()
	own, err := d.own(b)
	if err != nil {
		return d.fail("release", err)
	}
	if own.unmap != nil {
		pages.Drop(own.mem)
	}
	return nil
}

// Prepared implements backend.Prepared: a whole network in inference has its own copy of the parameters.
func (p *plan) Prepared() bool {
	c, ok := p.program.(*chain)
	return ok && c.net.Pass == backend.Infer
}
