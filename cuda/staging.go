//go:build cgo && linux

package cuda

import (
	"errors"

	"mnv2/csrc/nv"
)

// staging is page-locked memory between the caller's slices and the device, so that uploads need not wait.
//
// Uploads pass through a ring. A large one is copied in a stream of its own to memory of the device that nobody else uses, and
// from there, behind the work that is queued, to where it belongs: so the next batch travels while the last is computed, and
// yet everything happens as if in order.
type staging struct {
	copies  nv.Stream  // from the host to far
	arrived nv.Event   // the last copy in copies
	events  []nv.Event // that no piece uses now
	ring    ring
	near    *nv.HostBuffer // the ring's memory of the host
	far     nv.DevicePtr   // and of the device, at the same offsets
	out     *nv.HostBuffer // downloads
}

const (
	ringAtLeast  = 1 << 20
	direct       = 64 << 10 // uploads up to this many bytes go straight to where they belong
	downloadPart = 8 << 20  // the most that is brought back at once
)

// open makes the stream of copies. Memory is taken when it is needed.
func (s *staging) open(c *nv.Context) error {
	var err error
	if s.copies, err = c.NewStream(0); err != nil {
		return err
	}
	s.arrived, err = c.NewEvent(false)
	return err
}

// close gives everything back. Nothing may be queued any more.
func (s *staging) close(c *nv.Context) error {
	var errs []error
	if s.copies != 0 {
		errs = append(errs, c.SyncStream(s.copies))
	}
	errs = append(errs, s.shrink(c))
	for _, e := range append(s.events, s.arrived) {
		if e != 0 {
			errs = append(errs, c.DestroyEvent(e))
		}
	}
	if s.out != nil {
		errs = append(errs, s.out.Free())
	}
	if s.copies != 0 {
		errs = append(errs, c.DestroyStream(s.copies))
	}
	return errors.Join(errs...)
}

// shrink gives the ring's memory back.
func (s *staging) shrink(c *nv.Context) error {
	var errs []error
	for _, p := range s.ring.take() {
		s.events = append(s.events, p.done)
	}
	if s.near != nil {
		errs = append(errs, s.near.Free())
	}
	if s.far != 0 {
		errs = append(errs, c.Free(s.far))
	}
	s.near, s.far, s.ring = nil, 0, ring{}
	return errors.Join(errs...)
}

// upload queues a copy of src to dst in stream.
func (s *staging) upload(c *nv.Context, dst nv.DevicePtr, src []byte, stream nv.Stream) error {
	n := int64(len(src))
	if n == 0 {
		return nil
	}
	if err := s.grow(c, n, stream); err != nil {
		return err
	}
	done, err := s.event(c)
	if err != nil {
		return err
	}
	at, used := s.ring.place(n, done)
	for _, p := range used {
		err = errors.Join(err, c.SyncEvent(p.done))
		s.events = append(s.events, p.done)
	}
	if err != nil {
		return err
	}
	copy(s.near.Bytes()[at:], src)
	if err := s.send(c, dst, at, n, stream); err != nil {
		return errors.Join(err, c.SyncStream(s.copies)) // the piece must not be in use
	}
	return c.RecordEvent(done, stream)
}

// send queues the copies of n bytes at at.
func (s *staging) send(c *nv.Context, dst nv.DevicePtr, at, n int64, stream nv.Stream) error {
	if n <= direct {
		return c.CopyIn(dst, s.near, at, n, stream)
	}
	far := s.far + nv.DevicePtr(at)
	if err := c.CopyIn(far, s.near, at, n, s.copies); err != nil {
		return err
	}
	if err := c.RecordEvent(s.arrived, s.copies); err != nil {
		return err
	}
	if err := c.WaitEvent(stream, s.arrived); err != nil {
		return err
	}
	return c.Copy(dst, far, n, stream)
}

// event returns an event that is not in use.
func (s *staging) event(c *nv.Context) (nv.Event, error) {
	if last := len(s.events) - 1; last >= 0 {
		e := s.events[last]
		s.events = s.events[:last]
		return e, nil
	}
	return c.NewEvent(false)
}

// grow makes the ring large enough for two uploads of n bytes.
func (s *staging) grow(c *nv.Context, n int64, stream nv.Stream) error {
	if s.ring.size >= 2*slots(n) {
		return nil
	}
	if err := c.SyncStream(stream); err != nil {
		return err
	}
	if err := s.shrink(c); err != nil {
		return err
	}
	size := max(ringAtLeast, 2*slots(n)+ringAtLeast)
	var err error
	if s.near, err = c.AllocHost(size); err != nil {
		return err
	}
	if s.far, err = c.Alloc(size); err != nil {
		return errors.Join(err, s.shrink(c))
	}
	s.ring.size = size
	return nil
}

// download waits for stream and fills dst from src.
func (s *staging) download(c *nv.Context, dst []byte, src nv.DevicePtr, stream nv.Stream) error {
	if len(dst) == 0 {
		return c.SyncStream(stream)
	}
	if want := min(slots(int64(len(dst))), downloadPart); s.out == nil || s.out.Size() < want {
		if err := s.moreOut(c, want); err != nil {
			return err
		}
	}
	for len(dst) > 0 {
		n := min(int64(len(dst)), s.out.Size())
		if err := c.CopyOut(s.out, 0, src, n, stream); err != nil {
			return err
		}
		if err := c.SyncStream(stream); err != nil {
			return err
		}
		copy(dst, s.out.Bytes()[:n])
		dst, src = dst[n:], src+nv.DevicePtr(n)
	}
	return nil
}

// moreOut replaces the memory for downloads. No download is under way, since each waits.
func (s *staging) moreOut(c *nv.Context, size int64) error {
	if s.out != nil {
		old := s.out
		s.out = nil
		if err := old.Free(); err != nil {
			return err
		}
	}
	out, err := c.AllocHost(size)
	if err == nil {
		s.out = out
	}
	return err
}
