package backend

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
)

// guardBytes is how many sentinel bytes stand before and after each buffer of a checked device.
const guardBytes = 16 * Alignment

// guardByte is what they hold.
const guardByte = 0xC5

// CheckOptions say what [CheckedWith] looks at besides memory.
type CheckOptions struct {
	// Values makes every operation whose inputs are all finite, but whose outputs are not, an error, and likewise one that
	// leaves something in the padding lanes of an output.
	Values bool
}

// ErrChecked is wrapped by the errors of operations that did what no operation may.
var ErrChecked = errors.New("found by checking the device")

// Checked returns b for debugging (--debug-device): every operation is waited for, so that a fault is reported by the
// operation that made it; every buffer lies between sentinel bytes that are verified after each operation, and an error
// names the operation and the buffers it damaged. It is slow. Recordings are lists of operations that run one by one.
func Checked(b Backend) Backend { return CheckedWith(b, CheckOptions{}) }

// CheckedWith is [Checked] with more to check.
func CheckedWith(b Backend, o CheckOptions) Backend { return &checked{Backend: b, options: o} }

// checked wraps a device. Methods that it does not have are the device's own.
type checked struct {
	Backend
	options   CheckOptions
	busy      atomic.Bool // a method is running
	buffers   []*checkedBuffer
	recording *checkedRecording // the one being made
}

// checkedBuffer is a buffer with guards around it.
type checkedBuffer struct {
	owner *checked
	inner Buffer
	size  int64
	label string
}

// Unwrap returns the device inside, for [As].
func (c *checked) Unwrap() Backend { return c.Backend }

// fail returns an error of the wrapper itself.
func (c *checked) fail(op string, err error) error {
	return &Error{Device: c.Info().Device, Op: op, Err: err}
}

// enter begins a method that is not allowed while a recording is made. leave ends it.
func (c *checked) enter(what string) error {
	if !c.busy.CompareAndSwap(false, true) {
		return c.fail(what, ErrConcurrent)
	}
	if c.recording != nil {
		c.leave()
		return c.fail(what, ErrRecording)
	}
	return nil
}

func (c *checked) leave() { c.busy.Store(false) }

// Alloc implements Backend.
func (c *checked) Alloc(bytes int64, label string) (Buffer, error) {
	what := fmt.Sprintf("alloc %d bytes for %q", bytes, label)
	if err := c.enter(what); err != nil {
		return nil, err
	}
	defer c.leave()
	if bytes < 0 || bytes > math.MaxInt64-2*guardBytes {
		return nil, c.fail(what, ErrArgs)
	}
	inner, err := c.Backend.Alloc(bytes+2*guardBytes, label)
	if err != nil {
		return nil, err
	}
	guard := slices.Repeat([]byte{guardByte}, guardBytes)
	if err := errors.Join(c.Backend.Upload(inner, 0, guard), c.Backend.Upload(inner, guardBytes+bytes, guard)); err != nil {
		return nil, errors.Join(err, inner.Free())
	}
	b := &checkedBuffer{owner: c, inner: inner, size: bytes, label: label}
	c.buffers = append(c.buffers, b)
	return b, nil
}

// Size implements Buffer.
func (b *checkedBuffer) Size() int64 { return b.size }

// Free implements Buffer.
func (b *checkedBuffer) Free() error {
	if !b.owner.busy.CompareAndSwap(false, true) {
		return b.owner.fail(fmt.Sprintf("free %q", b.label), ErrConcurrent)
	}
	defer b.owner.leave()
	if err := b.inner.Free(); err != nil {
		return err
	}
	b.owner.buffers = slices.DeleteFunc(b.owner.buffers, func(other *checkedBuffer) bool { return other == b })
	return nil
}

// own returns buf if this wrapper handed it out and n bytes from off lie inside.
func (c *checked) own(what string, buf Buffer, off, n int64) (*checkedBuffer, error) {
	b, ok := buf.(*checkedBuffer)
	if !ok || b.owner != c {
		return nil, c.fail(what, ErrForeign)
	}
	if !fits(b, off, n) {
		return nil, c.fail(what, fmt.Errorf("%w: %d bytes from byte %d of %q, which has %d", ErrArgs, n, off, b.label, b.size))
	}
	return b, nil
}

// Upload implements Backend.
func (c *checked) Upload(dst Buffer, off int64, src []byte) error {
	if err := c.enter("upload"); err != nil {
		return err
	}
	defer c.leave()
	b, err := c.own("upload", dst, off, int64(len(src)))
	if err != nil {
		return err
	}
	return errors.Join(c.Backend.Upload(b.inner, guardBytes+off, src), c.Backend.Sync())
}

// Download implements Backend.
func (c *checked) Download(dst []byte, src Buffer, off int64) error {
	if err := c.enter("download"); err != nil {
		return err
	}
	defer c.leave()
	b, err := c.own("download", src, off, int64(len(dst)))
	if err != nil {
		return err
	}
	return c.Backend.Download(dst, b.inner, guardBytes+off)
}

// Sync implements Backend.
func (c *checked) Sync() error {
	if err := c.enter("sync"); err != nil {
		return err
	}
	defer c.leave()
	return c.Backend.Sync()
}

// Compile implements Backend.
func (c *checked) Compile(op Op) (Plan, error) {
	p, err := c.Backend.Compile(op)
	if err != nil {
		return nil, err
	}
	return &checkedPlan{Plan: p, device: c, binder: NewBinder(op)}, nil
}

// guards returns nil if the sentinel bytes of all buffers are intact. It mends those that are not, so that each damage is
// reported once.
func (c *checked) guards() error {
	var errs []error
	got := make([]byte, guardBytes)
	for _, b := range c.buffers {
		for _, side := range []struct {
			name string
			off  int64
		}{{"before", 0}, {"after", guardBytes + b.size}} {
			if err := c.Backend.Download(got, b.inner, side.off); err != nil {
				return err
			}
			i := slices.IndexFunc(got, func(v byte) bool { return v != guardByte })
			if i < 0 {
				continue
			}
			distance := i
			if side.off == 0 {
				distance = guardBytes - i
			}
			errs = append(errs, fmt.Errorf("wrote %s buffer %q, %d bytes away: %w", side.name, b.label, distance, ErrChecked))
			errs = append(errs, c.Backend.Upload(b.inner, side.off, slices.Repeat([]byte{guardByte}, guardBytes)))
		}
	}
	return errors.Join(errs...)
}
