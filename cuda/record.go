//go:build cgo && linux

package cuda

import (
	"errors"
	"runtime"

	"mnv2/backend"
	"mnv2/csrc/nv"
)

// recording is a step as a CUDA graph, and what must still be there when it is replayed.
type recording struct {
	device   *Device
	graph    nv.GraphExec
	launches int64 // in the graph
	plans    map[*plan]struct{}
	buffers  map[*buffer]struct{}
	last     *plan
	closed   bool
}

// use notes what a Run needs.
func (r *recording) use(p *plan, operands []backend.Tensor, s backend.Scratch) {
	r.plans[p], r.last = struct{}{}, p
	for _, t := range operands {
		r.keep(t)
	}
	r.keep(s.Workspace)
	r.keep(s.Saved)
}

func (r *recording) keep(t backend.Tensor) {
	if b, ok := t.Buf.(*buffer); ok && b != nil {
		r.buffers[b] = struct{}{}
	}
}

// Record implements backend.Recorder. Nothing is executed until the recording is run.
func (d *Device) Record(step func() error) (backend.Recording, error) {
	runtime.LockOSThread() // a capture belongs to the thread that began it
	defer runtime.UnlockOSThread()
	r, err := d.begin()
	if err != nil {
		return nil, err
	}
	if err := step(); err != nil {
		return nil, errors.Join(err, d.abandon())
	}
	if err := d.end(r); err != nil {
		return nil, err
	}
	return r, nil
}

// begin starts a capture.
func (d *Device) begin() (*recording, error) {
	if err := d.enterDirect("record"); err != nil {
		return nil, err
	}
	defer d.leave()
	if err := d.c.BeginCapture(d.stream); err != nil {
		return nil, d.fail("record", errors.Join(err, d.c.AbandonCapture(d.stream)))
	}
	d.recording = &recording{device: d, plans: map[*plan]struct{}{}, buffers: map[*buffer]struct{}{}}
	return d.recording, nil
}

// abandon ends a capture that nobody wants. What was captured was not executed.
func (d *Device) abandon() error {
	if err := d.acquire("record"); err != nil {
		return err
	}
	defer d.leave()
	d.recording = nil
	if err := d.c.AbandonCapture(d.stream); err != nil {
		return d.fail("record", err)
	}
	return nil
}

// end makes the captured work ready to be replayed.
func (d *Device) end(r *recording) error {
	if err := d.acquire("record"); err != nil {
		return errors.Join(err, d.abandon())
	}
	defer d.leave()
	d.recording = nil
	graph, err := d.c.EndCapture(d.stream)
	if err != nil {
		return d.fail("record", errors.Join(err, d.c.AbandonCapture(d.stream)))
	}
	r.graph, err = d.c.Instantiate(graph)
	if err := errors.Join(err, d.c.DestroyGraph(graph)); err != nil {
		if r.graph != 0 {
			err = errors.Join(err, d.c.DestroyGraphExec(r.graph))
		}
		return d.fail("record", err)
	}
	d.recordings[r] = struct{}{}
	return nil
}

// Run implements backend.Recording. It refuses before anything is queued if a buffer or plan is gone.
func (r *recording) Run() error {
	d := r.device
	if err := d.enterDirect("replay"); err != nil {
		return err
	}
	defer d.leave()
	if err := r.check(); err != nil {
		return err
	}
	d.queued, d.last = d.queued+1, r.last
	d.counts.Launches += r.launches
	if err := d.c.LaunchGraph(r.graph, d.stream); err != nil {
		return d.fail("replay", err)
	}
	return nil
}

// check returns an error if anything that the recording needs is gone.
func (r *recording) check() error {
	d := r.device
	if r.closed {
		return &backend.Error{Device: d.name, Op: "replay", Text: "recording is closed", Err: backend.ErrFreed}
	}
	for p := range r.plans {
		if p.closed {
			return &backend.Error{Device: d.name, Op: "replay " + p.name, Text: "plan is closed", Err: backend.ErrFreed}
		}
	}
	for b := range r.buffers {
		if _, err := d.own(b); err != nil {
			return d.fail("replay", err)
		}
	}
	return nil
}

// Close implements backend.Recording. Closing again does nothing. Replays that are queued still run.
func (r *recording) Close() error {
	d := r.device
	if err := d.acquire("close a recording"); err != nil {
		return err
	}
	defer d.leave()
	if r.closed {
		return nil
	}
	r.closed = true
	delete(d.recordings, r)
	if err := d.c.DestroyGraphExec(r.graph); err != nil {
		return d.fail("close a recording", err)
	}
	return nil
}
