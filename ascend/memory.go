//go:build cgo && linux

package ascend

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mnv2/backend"
	"mnv2/csrc/acl"
)

// buffer is a piece of device memory.
type buffer struct {
	device  *Device
	label   string
	size    int64
	address acl.Address
	freed   bool
}

// Alloc implements backend.Backend.
func (d *Device) Alloc(bytes int64, label string) (backend.Buffer, error) {
	what := fmt.Sprintf("alloc %d bytes for %q", bytes, label)
	if err := d.enterDirect(what); err != nil {
		return nil, err
	}
	defer d.leave()
	if bytes < 0 {
		return nil, d.fail(what, backend.ErrArgs)
	}
	a, err := d.c.Malloc(bytes)
	if err != nil {
		return nil, d.exhausted(what, err)
	}
	b := &buffer{device: d, label: label, size: bytes, address: a}
	d.live[b] = struct{}{}
	return b, nil
}

// reserve makes the vendor's workspace at least n bytes. All calls share it, since the stream runs them one after the other;
// it grows only while operations are compiled.
func (d *Device) reserve(n int64) error {
	if n <= d.workspaceSize {
		return nil
	}
	what := fmt.Sprintf("alloc %d bytes for the operators' workspace", n)
	if d.workspaceSize > 0 {
		old := d.workspace
		d.workspace, d.workspaceSize = 0, 0
		if err := d.c.Free(old); err != nil {
			return d.fail(what, err)
		}
	}
	a, err := d.c.Malloc(n)
	if err != nil {
		return d.exhausted(what, err)
	}
	d.workspace, d.workspaceSize = a, n
	return nil
}

// exhausted returns the error of an allocation. If there was no room it says what is free and who has the rest.
func (d *Device) exhausted(what string, err error) error {
	var v *acl.Error
	if !errors.As(err, &v) || !v.IsOutOfMemory() {
		return d.fail(what, err)
	}
	message := words(v)
	if free, total, err := d.c.Memory(); err == nil {
		message += fmt.Sprintf("; %d of %d bytes are free", free, total)
	}
	if largest := d.largest(3); len(largest) > 0 {
		message += "; largest in use: " + strings.Join(largest, ", ")
	}
	return &backend.Error{Device: d.name, Op: what, Call: v.Call, Code: v.Code, Text: message, Err: backend.ErrOutOfMemory}
}

// largest names the n largest buffers.
func (d *Device) largest(n int) []string {
	var list []*buffer
	for b := range d.live {
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b *buffer) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.label, b.label))
	})
	var names []string
	for _, b := range list[:min(n, len(list))] {
		names = append(names, fmt.Sprintf("%q %d", b.label, b.size))
	}
	return names
}

// Size implements backend.Buffer.
func (b *buffer) Size() int64 { return b.size }

// Free implements backend.Buffer. It waits for queued work, which may still use the memory.
func (b *buffer) Free() error {
	d := b.device
	what := fmt.Sprintf("free %q", b.label)
	if err := d.acquire(what); err != nil {
		return err
	}
	defer d.leave()
	if b.freed {
		return d.fail(what, fmt.Errorf("%w: %q", backend.ErrFreed, b.label))
	}
	b.freed = true
	delete(d.live, b)
	if err := d.c.Free(b.address); err != nil {
		return d.fail(what, err)
	}
	return nil
}

// own returns b if it is a buffer of this device that is still there.
func (d *Device) own(b backend.Buffer) (*buffer, error) {
	own, ok := b.(*buffer)
	if !ok || own == nil || own.device != d {
		return nil, backend.ErrForeign
	}
	if own.freed {
		return nil, fmt.Errorf("%w: %q", backend.ErrFreed, own.label)
	}
	return own, nil
}
