//go:build cgo && linux

package cuda

import (
	"errors"
	"fmt"

	"mnv2/backend"
	"mnv2/csrc/nv"
)

// conditions pairs the binding's conditions with those of package backend.
var conditions = []struct{ from, to error }{
	{nv.ErrDeviceLost, backend.ErrDeviceLost},
	{nv.ErrOutOfMemory, backend.ErrOutOfMemory},
	{nv.ErrUnavailable, backend.ErrUnavailable},
	{nv.ErrCapture, backend.ErrRecording},
}

// fail returns err as one of this device. A vendor's error keeps its call, code and text; one that breaks the device is
// remembered.
func (d *Device) fail(op string, err error) error {
	var v *nv.Error
	if !errors.As(err, &v) {
		return &backend.Error{Device: d.name, Op: op, Err: err}
	}
	e := &backend.Error{Device: d.name, Op: op, Call: v.Call, Code: v.Code, Text: words(v)}
	for _, c := range conditions {
		if errors.Is(err, c.from) {
			e.Err = c.to
			break
		}
	}
	if e.Err == backend.ErrDeviceLost {
		d.lost = e
	}
	return e
}

// words joins what the vendor calls the code and what it says of it.
func words(v *nv.Error) string {
	if v.Text == "" {
		return v.Name
	}
	return v.Name + ": " + v.Text
}

// waited returns the error of a wait, saying what was queued: faults show late.
func (d *Device) waited(op string, err error) error {
	if err != nil && d.last != nil {
		op = fmt.Sprintf("%s after %d queued operations, the last of which was %s", op, d.queued, d.last.name)
	}
	d.queued, d.last = 0, nil
	d.counts.Syncs++
	if err != nil {
		return d.fail(op, err)
	}
	return nil
}
