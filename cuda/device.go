//go:build cgo && linux

package cuda

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mnv2/backend"
	"mnv2/csrc/nv"
	"mnv2/csrc/nv/cubin"
)

// Device is one GPU, opened. It implements [backend.Backend], [backend.Recorder], [backend.Timer], [backend.Room] and [backend.Monitor].
type Device struct {
	name       string
	info       backend.Info
	gpu        nv.Device
	arch       string // what kernels are compiled for
	options    Options
	c          *nv.Context
	stream     nv.Stream // of all operations
	timer      [2]nv.Event
	staging    staging
	cubins     *cubin.Cache
	modules    map[moduleKey]*module
	engines    engines
	choices    *cubin.Cache // of engines, see fastestEngine
	live       map[*buffer]struct{}
	plans      map[*plan]struct{}
	recordings map[*recording]struct{}
	counts     backend.Counts
	recording  *recording // the one that is being made
	queued     int        // operations since the device was last waited for
	last       *plan      // the last of them
	lost       error      // why the device cannot be used any more
	closed     bool
	busy       atomic.Bool

	openManagement sync.Once
	management     *nv.Management // nil without NVML
}

// setUp makes what every use of the device needs.
func (d *Device) setUp() error {
	var err error
	if d.stream, err = d.c.NewStream(0); err != nil {
		return err
	}
	for i := range d.timer {
		if d.timer[i], err = d.c.NewEvent(true); err != nil {
			return err
		}
	}
	return d.staging.open(d.c)
}

// tearDown gives back what setUp made, and the modules.
func (d *Device) tearDown() error {
	var errs []error
	if d.stream != 0 {
		errs = append(errs, d.c.SyncStream(d.stream))
	}
	errs = append(errs, d.staging.close(d.c), d.engines.close())
	for _, m := range d.modules {
		errs = append(errs, d.c.UnloadModule(m.module))
	}
	for _, e := range d.timer {
		if e != 0 {
			errs = append(errs, d.c.DestroyEvent(e))
		}
	}
	if d.stream != 0 {
		errs = append(errs, d.c.DestroyStream(d.stream))
	}
	return errors.Join(append(errs, d.c.Close())...)
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

// Info implements backend.Backend.
func (d *Device) Info() backend.Info {
	info := d.info
	info.DTypes = slices.Clone(info.DTypes)
	info.Versions = maps.Clone(info.Versions)
	return info
}

// Counts implements backend.Counter.
func (d *Device) Counts() backend.Counts { return d.counts }

// Sync implements backend.Backend.
func (d *Device) Sync() error {
	if err := d.enterDirect("sync"); err != nil {
		return err
	}
	defer d.leave()
	return d.waited("sync", d.c.SyncStream(d.stream))
}

// Elapsed implements backend.Timer by the device's own clock.
func (d *Device) Elapsed(f func() error) (time.Duration, error) {
	if err := d.mark("start the timer", d.timer[0]); err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	if err := d.mark("stop the timer", d.timer[1]); err != nil {
		return 0, err
	}
	if err := d.enterDirect("read the timer"); err != nil {
		return 0, err
	}
	defer d.leave()
	if err := d.waited("read the timer", d.c.SyncEvent(d.timer[1])); err != nil {
		return 0, err
	}
	took, err := d.c.Elapsed(d.timer[0], d.timer[1])
	if err != nil {
		return 0, d.fail("read the timer", err)
	}
	return took, nil
}

// mark lets e be the end of what is queued.
func (d *Device) mark(what string, e nv.Event) error {
	if err := d.enterDirect(what); err != nil {
		return err
	}
	defer d.leave()
	if err := d.c.RecordEvent(e, d.stream); err != nil {
		return d.fail(what, err)
	}
	return nil
}

// Close implements backend.Backend. A device that still has buffers, plans or recordings stays open. Closing again does nothing.
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
	if err := d.tearDown(); err != nil {
		return d.fail("close", err)
	}
	return nil
}

// liveNames lists what was not given back, in a fixed order.
func (d *Device) liveNames() []string {
	var names []string
	for b := range d.live {
		names = append(names, fmt.Sprintf("buffer %q (%d bytes)", b.label, b.size))
	}
	for p := range d.plans {
		names = append(names, fmt.Sprintf("plan %v", p.op))
	}
	for range d.recordings {
		names = append(names, "a recording")
	}
	slices.Sort(names)
	return names
}
