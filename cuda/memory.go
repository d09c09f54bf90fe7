//go:build cgo && linux

package cuda

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mnv2/backend"
	"mnv2/csrc/nv"
)

// buffer is a piece of device memory.
type buffer struct {
	device  *Device
	label   string
	size    int64
	address nv.DevicePtr
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
	a, err := d.c.Alloc(max(bytes, 1))
	if err != nil {
		return nil, d.exhausted(what, err)
	}
	if err := d.c.Fill8(a, 0, max(bytes, 1), d.stream); err != nil {
		return nil, d.fail(what, errors.Join(err, d.c.Free(a)))
	}
	b := &buffer{device: d, label: label, size: bytes, address: a}
	d.live[b] = struct{}{}
	d.counts.Allocs++
	return b, nil
}

// Room implements backend.Room.
func (d *Device) Room() (int64, error) {
	if err := d.enter("ask for free memory"); err != nil {
		return 0, err
	}
	defer d.leave()
	free, _, err := d.c.MemInfo()
	if err != nil {
		return 0, d.fail("ask for free memory", err)
	}
	return free, nil
}

// exhausted returns the error of an allocation. If there was no room it says what is free and who has the rest.
func (d *Device) exhausted(what string, err error) error {
	var v *nv.Error
	if !errors.As(err, &v) || !errors.Is(err, nv.ErrOutOfMemory) {
		return d.fail(what, err)
	}
	message := words(v)
	if free, total, err := d.c.MemInfo(); err == nil {
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
	if d.recording != nil {
		return d.fail(what, backend.ErrRecording)
	}
	if b.freed {
		return d.fail(what, fmt.Errorf("%w: %q", backend.ErrFreed, b.label))
	}
	b.freed = true
	delete(d.live, b)
	waited := d.waited(what, d.c.SyncStream(d.stream))
	if err := d.c.Free(b.address); err != nil && waited == nil {
		return d.fail(what, err)
	}
	return waited
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

// spot returns the address of n bytes of b from off on.
func (d *Device) spot(op string, b backend.Buffer, off, n int64) (nv.DevicePtr, error) {
	own, err := d.own(b)
	if err != nil {
		return 0, d.fail(op, err)
	}
	if off < 0 || off > own.size || n > own.size-off {
		return 0, d.fail(op, fmt.Errorf("%w: %d bytes at byte %d of %q, which has %d", backend.ErrArgs, n, off, own.label, own.size))
	}
	return own.address + nv.DevicePtr(off), nil
}
