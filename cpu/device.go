package cpu

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"mnv2/backend"
	"mnv2/cpu/internal/netplan"
)

// Device is the CPU, opened. It implements [backend.Backend] and [backend.Recorder].
//
// Work is done at once: Run, Upload and Download return when they are finished, and Sync has nothing to wait for.
type Device struct {
	info      backend.Info
	kernels   *kernelSet
	pool      *netplan.Pool
	memory    memory
	plans     map[*plan]struct{}
	recording *recording // the one being made, or nil
	closed    bool
	busy      atomic.Bool
}

// acquire takes the device for one call; leave gives it back. Two calls at once are the caller's mistake.
func (d *Device) acquire(op string) error {
	if !d.busy.CompareAndSwap(false, true) {
		return d.fail(op, backend.ErrConcurrent)
	}
	return nil
}

// enter is acquire for what needs an open device.
func (d *Device) enter(op string) error {
	if err := d.acquire(op); err != nil {
		return err
	}
	if d.closed {
		d.leave()
		return &backend.Error{Device: deviceName, Op: op, Text: "device is closed", Err: backend.ErrUnavailable}
	}
	return nil
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

func (d *Device) fail(op string, err error) error {
	return &backend.Error{Device: deviceName, Op: op, Err: err}
}

// Upload implements backend.Backend.
func (d *Device) Upload(dst backend.Buffer, off int64, src []byte) error {
	return d.transfer("upload", dst, off, src, func(mem []byte) { copy(mem, src) })
}

// Download implements backend.Backend.
func (d *Device) Download(dst []byte, src backend.Buffer, off int64) error {
	return d.transfer("download", src, off, dst, func(mem []byte) { copy(dst, mem) })
}

// transfer hands the bytes of b that lie opposite host to move.
func (d *Device) transfer(op string, b backend.Buffer, off int64, host []byte, move func(mem []byte)) error {
	if err := d.enterDirect(op); err != nil {
		return err
	}
	defer d.leave()
	own, err := d.own(b)
	if err != nil {
		return d.fail(op, err)
	}
	n := int64(len(host))
	if off < 0 || off > own.Size() || n > own.Size()-off {
		return d.fail(op, fmt.Errorf("%w: %d bytes at byte %d of %q, which has %d", backend.ErrArgs, n, off, own.label, own.Size()))
	}
	move(own.mem[off : off+n])
	return nil
}

// Sync implements backend.Backend.
func (d *Device) Sync() error {
	if err := d.enterDirect("sync"); err != nil {
		return err
	}
	d.leave()
	return nil
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
	d.pool.Close()
	d.closed = true
	return nil
}

// liveNames lists buffers and plans that were not given back, in a fixed order.
func (d *Device) liveNames() []string {
	var names []string
	for b := range d.memory.live {
		names = append(names, fmt.Sprintf("buffer %q (%d bytes)", b.label, b.size))
	}
	for p := range d.plans {
		names = append(names, fmt.Sprintf("plan %v", p.op))
	}
	slices.Sort(names)
	return names
}
