package backend

import (
	"errors"
	"fmt"
	"strings"
)

// The conditions that callers act on. Devices wrap them in an [Error].
var (
	ErrUnsupported = fmt.Errorf("operation not supported by the device: %w", errors.ErrUnsupported)
	ErrUnavailable = errors.New("device not available")
	ErrDeviceLost  = errors.New("device lost")
	ErrOutOfMemory = errors.New("out of device memory")
	ErrRecording   = errors.New("not allowed while a recording is made")
	ErrForeign     = errors.New("buffer belongs to another device")
	ErrFreed       = errors.New("buffer was freed")
	ErrConcurrent  = errors.New("device used by two goroutines at once")
	ErrArgs        = errors.New("wrong arguments")
	ErrLive        = errors.New("still in use")
)

// Error is a failure on a device, in the manner of fs.PathError.
type Error struct {
	Device string // "cuda:0"
	Op     string // what was attempted: an operation, "alloc", "upload"
	Call   string // the vendor's function, if one failed
	Code   int    // its result, if Call is set
	Text   string // the vendor's own sentence, if it had one
	Err    error  // the cause: a sentinel above, or another error
}

// Error returns "cuda:0: Conv2D(...): cudnnBackendExecute = 3: text: cause", leaving out what is not set.
func (e *Error) Error() string {
	parts := []string{e.Device, e.Op}
	if e.Call != "" {
		parts = append(parts, fmt.Sprintf("%s = %d", e.Call, e.Code))
	}
	if e.Text != "" {
		parts = append(parts, e.Text)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Unsupported returns the error of a device that has no native plan for op, with the reason.
func Unsupported(device string, op Op, reason string) error {
	return &Error{Device: device, Op: op.String(), Text: reason, Err: ErrUnsupported}
}
