//go:build cgo && linux

package ascend

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"mnv2/backend"
	"mnv2/csrc/acl"
)

// Device is one NPU, opened. It implements [backend.Backend], [backend.Recorder] and [backend.Timer].
type Device struct {
	name          string
	soc           string
	info          backend.Info
	chip          chip
	options       Options
	c             *acl.Device
	scratch       acl.Address            // a little device memory of our own
	constants     map[string]acl.Address // vectors of float32, by their bytes
	workspace     acl.Address            // of the vendor's operators, for all plans
	workspaceSize int64
	live          map[*buffer]struct{}
	plans         map[*plan]struct{}
	recording     *recording
	queued        int   // operations since the device was last waited for
	last          *plan // the last of them
	lost          error // why the device cannot be used any more
	closed        bool
	busy          atomic.Bool
}

// acquire takes the device for one call; leave gives it back. Two calls at once are the caller's mistake.
func (d *Device) acquire(op string) error {
	if !d.busy.CompareAndSwap(false, true) {
		return &backend.Error{Device: d.name, Op: op, Err: backend.ErrConcurrent}
	}
	return nil
}

// enter is acquire for what needs an open device that still works.
func (d *Device) enter(op string) error {
	if err := d.acquire(op); err != nil {
		return err
	}
	err := d.lost
	if d.closed {
		err = &backend.Error{Device: d.name, Op: op, Text: "device is closed", Err: backend.ErrUnavailable}
	}
	if err != nil {
		d.leave()
	}
	return err
}

// enterDirect is enter for what is not allowed while a recording is made.
func (d *Device) enterDirect(op string) error {
	if err := d.enter(op); err != nil {
		return err
	}
	if d.recording != nil {
		d.leave()
		return d.fail(op, backend.ErrRecording)
	}
	return nil
}

func (d *Device) leave() { d.busy.Store(false) }

// fail returns err as one of this device. A vendor's error keeps its call, code and text; one that breaks the device is
// remembered.
func (d *Device) fail(op string, err error) error {
	var v *acl.Error
	if !errors.As(err, &v) {
		return &backend.Error{Device: d.name, Op: op, Err: err}
	}
	e := &backend.Error{Device: d.name, Op: op, Call: v.Call, Code: v.Code, Text: words(v)}
	switch {
	case v.IsOutOfMemory():
		e.Err = backend.ErrOutOfMemory
	case v.IsLost():
		e.Err = backend.ErrDeviceLost
		d.lost = e
	}
	return e
}

// words joins what we know of the code and what the vendor says.
func words(v *acl.Error) string {
	name := acl.CodeName(v.Code)
	if name == "" || v.Text == "" {
		return name + v.Text
	}
	return name + ": " + v.Text
}

// waited returns the error of a wait, saying what was queued: faults show late.
func (d *Device) waited(op string, err error) error {
	if err != nil && d.last != nil {
		op = fmt.Sprintf("%s after %d queued operations, the last of which was %s", op, d.queued, d.last.name)
	}
	d.queued, d.last = 0, nil
	if err != nil {
		return d.fail(op, err)
	}
	return nil
}

// Info implements backend.Backend.
func (d *Device) Info() backend.Info {
	info := d.info
	info.DTypes = slices.Clone(info.DTypes)
	info.Versions = maps.Clone(info.Versions)
	return info
}

// Upload implements backend.Backend: through page-locked memory, so that it does not wait.
func (d *Device) Upload(dst backend.Buffer, off int64, src []byte) error {
	if err := d.enterDirect("upload"); err != nil {
		return err
	}
	defer d.leave()
	address, err := d.spot("upload", dst, off, int64(len(src)))
	if err != nil {
		return err
	}
	if err := d.c.Upload(address, src); err != nil {
		return d.fail("upload", err)
	}
	return nil
}

// Download implements backend.Backend.
func (d *Device) Download(dst []byte, src backend.Buffer, off int64) error {
	if err := d.enterDirect("download"); err != nil {
		return err
	}
	defer d.leave()
	address, err := d.spot("download", src, off, int64(len(dst)))
	if err != nil {
		return err
	}
	return d.waited("download", d.c.Download(dst, address))
}

// spot returns the address of n bytes of b from off on.
func (d *Device) spot(op string, b backend.Buffer, off, n int64) (acl.Address, error) {
	own, err := d.own(b)
	if err != nil {
		return 0, d.fail(op, err)
	}
	if off < 0 || off > own.size || n > own.size-off {
		return 0, d.fail(op, fmt.Errorf("%w: %d bytes at byte %d of %q, which has %d", backend.ErrArgs, n, off, own.label, own.size))
	}
	return own.address + acl.Address(off), nil
}

// Sync implements backend.Backend.
func (d *Device) Sync() error {
	if err := d.enterDirect("sync"); err != nil {
		return err
	}
	defer d.leave()
	return d.waited("sync", d.c.Sync())
}

// Elapsed implements backend.Timer by the device's own clock.
func (d *Device) Elapsed(f func() error) (time.Duration, error) {
	start := func(what string, act func() error) error {
		if err := d.enterDirect(what); err != nil {
			return err
		}
		defer d.leave()
		if err := act(); err != nil {
			return d.fail(what, err)
		}
		return nil
	}
	if err := start("start the timer", d.c.StartTimer); err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	var ms float64
	err := start("read the timer", func() (err error) { ms, err = d.c.StopTimer(); return err })
	return time.Duration(ms * float64(time.Millisecond)), err
}

// constant returns the address of a vector that stays on the device until it is closed.
func (d *Device) constant(numbers []float32) (acl.Address, error) {
	raw := make([]byte, 0, 4*len(numbers))
	for _, x := range numbers {
		raw = binary.NativeEndian.AppendUint32(raw, math.Float32bits(x))
	}
	if a, ok := d.constants[string(raw)]; ok {
		return a, nil
	}
	a, err := d.c.Malloc(int64(len(raw)))
	if err != nil {
		return 0, err
	}
	if err := d.c.Upload(a, raw); err != nil {
		return 0, errors.Join(err, d.c.Free(a))
	}
	d.constants[string(raw)] = a
	return a, nil
}

// Counts implements [backend.Counter].
func (d *Device) Counts() backend.Counts {
	c := d.c.Counts()
	return backend.Counts{Launches: c.Launches, Syncs: c.Syncs, Allocs: c.Mallocs}
}

// Close implements backend.Backend. A device that still has buffers or plans stays open. Closing again does nothing.
func (d *Device) Close() error {
	if err := d.acquire("close"); err != nil {
		return err
	}
	defer d.leave()
	if d.closed {
		return nil
	}
	if d.recording != nil {
		return d.fail("close", backend.ErrRecording)
	}
	if live := d.liveNames(); len(live) > 0 {
		return d.fail("close", fmt.Errorf("%w: %s", backend.ErrLive, strings.Join(live, ", ")))
	}
	d.closed = true
	var errs []error
	for _, a := range d.constants {
		errs = append(errs, d.c.Free(a))
	}
	for _, a := range []acl.Address{d.scratch, d.workspace} {
		if a != 0 {
			errs = append(errs, d.c.Free(a))
		}
	}
	if err := errors.Join(append(errs, d.c.Close())...); err != nil {
		return d.fail("close", err)
	}
	return nil
}

// liveNames lists buffers and plans that were not given back, in a fixed order.
func (d *Device) liveNames() []string {
	var names []string
	for b := range d.live {
		names = append(names, fmt.Sprintf("buffer %q (%d bytes)", b.label, b.size))
	}
	for p := range d.plans {
		names = append(names, fmt.Sprintf("plan %v", p.op))
	}
	slices.Sort(names)
	return names
}
