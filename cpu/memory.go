package cpu

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"mnv2/backend"
)

// memory counts what buffers take.
type memory struct {
	limit, used int64
	live        map[*buffer]struct{}
}

// buffer is a piece of memory that begins on a cache line.
type buffer struct {
	device *Device
	label  string
	size   int64
	mem    []byte
	unmap  func() error // gives pages back; nil if mem is of the Go heap
	freed  bool
}

// Alloc implements backend.Backend.
func (d *Device) Alloc(bytes int64, label string) (backend.Buffer, error) {
	if err := d.enterDirect("alloc"); err != nil {
		return nil, err
	}
	defer d.leave()
	if bytes < 0 {
		return nil, d.fail("alloc", fmt.Errorf("%w: %d bytes for %q", backend.ErrArgs, bytes, label))
	}
	if bytes > d.memory.limit-d.memory.used {
		return nil, d.fail("alloc", d.memory.exhausted(bytes, label))
	}
	b := &buffer{device: d, label: label, size: bytes}
	if err := b.allocate(); err != nil {
		return nil, d.fail("alloc", fmt.Errorf("%w (%w)", d.memory.exhausted(bytes, label), err))
	}
	d.memory.live[b] = struct{}{}
	d.memory.used += bytes
	return b, nil
}

// ownPages is the size from which a buffer gets pages from the system, where there is a way, in place of the Go heap. They
// can be given back at once, and the garbage collector, which lets the heap grow to twice what is in use, does not count
// them.
const ownPages = 128 << 10

// allocate fills b.mem with zero bytes that begin on a multiple of [backend.Alignment].
func (b *buffer) allocate() (err error) {
	if b.size >= ownPages {
		b.mem, b.unmap, err = mapPages(b.size)
		if err != nil || b.mem != nil {
			return err
		}
	}
	b.mem, err = alignedBytes(b.size)
	return err
}

// alignedBytes returns n bytes of the Go heap. A size that Go cannot even count is an error; one that the machine does not
// have ends the program, which is why Alloc has a limit.
func alignedBytes(n int64) (mem []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%v", cause)
		}
	}()
	mem = make([]byte, n+backend.Alignment-1)
	if n == 0 {
		return mem[:0], nil
	}
	skip := -int64(uintptr(unsafe.Pointer(&mem[0]))) & (backend.Alignment - 1)
	return mem[skip : skip+n : skip+n], nil
}

// exhausted says what was wanted, what is free and who has the rest.
func (m *memory) exhausted(bytes int64, label string) error {
	live := make([]*buffer, 0, len(m.live))
	for b := range m.live {
		live = append(live, b)
	}
	slices.SortFunc(live, func(a, b *buffer) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.label, b.label))
	})
	var largest []string
	for _, b := range live[:min(3, len(live))] {
		largest = append(largest, fmt.Sprintf("%q %d", b.label, b.size))
	}
	message := fmt.Sprintf("wanted %d bytes for %q, %d of %d are free", bytes, label, m.limit-m.used, m.limit)
	if len(largest) > 0 {
		message += "; largest in use: " + strings.Join(largest, ", ")
	}
	return fmt.Errorf("%w: %s", backend.ErrOutOfMemory, message)
}

// Size implements backend.Buffer.
func (b *buffer) Size() int64 { return b.size }

// Free implements backend.Buffer.
func (b *buffer) Free() error {
	if err := b.device.enter("free"); err != nil {
		return err
	}
	defer b.device.leave()
	if b.freed {
		return b.device.fail("free", fmt.Errorf("%w: %q", backend.ErrFreed, b.label))
	}
	b.freed, b.mem = true, nil
	delete(b.device.memory.live, b)
	b.device.memory.used -= b.size
	if b.unmap == nil {
		return nil
	}
	if err := b.unmap(); err != nil {
		return b.device.fail("free", fmt.Errorf("%q: give back %d bytes: %w", b.label, b.size, err))
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
