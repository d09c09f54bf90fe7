package backend

import "time"

// Recording is a step that was recorded and can be run again as a whole.
//
// It is bound to the buffers and addresses it saw: running it after one of them was freed is an error that wraps
// [ErrFreed]. Numbers that change from run to run (learning rate, loss scale) therefore live in device memory.
type Recording interface {
	// Run queues everything that was recorded.
	Run() error
	Close() error
}

// Recorder is what a Backend implements to record. Between begin and end nothing is executed, and Alloc, Upload, Download
// and Sync fail with [ErrRecording].
type Recorder interface {
	Record(step func() error) (Recording, error)
}

// Record records step on a device that can, and otherwise returns a Recording that calls step each time.
func Record(b Backend, step func() error) (Recording, error) {
	if r, ok := As[Recorder](b); ok {
		return r.Record(step)
	}
	return stepRecording(step), nil
}

type stepRecording func() error

// Run implements Recording.
func (r stepRecording) Run() error { return r() }

// Close implements Recording.
func (r stepRecording) Close() error { return nil }

// Timer is what a Backend implements to time work with the device's own clock.
type Timer interface {
	Elapsed(f func() error) (time.Duration, error)
}

// Elapsed returns how long the work queued by f takes: by the device's clock, or by the host's with a Sync on both sides.
func Elapsed(b Backend, f func() error) (time.Duration, error) {
	if t, ok := As[Timer](b); ok {
		return t.Elapsed(f)
	}
	if err := b.Sync(); err != nil {
		return 0, err
	}
	start := time.Now()
	if err := f(); err != nil {
		return 0, err
	}
	if err := b.Sync(); err != nil {
		return 0, err
	}
	return time.Since(start), nil
}
