package anydevice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mnv2/backend"
	"mnv2/backend/backendtest"
	"mnv2/internal/devicecheck"
)

// Target is a device to be checked.
type Target struct {
	Open      func() (backend.Backend, error)
	Reference func() (backend.Backend, error)           // the CPU device, which others are held to
	Suite     func(backend.Backend) backendtest.Options // what the suite may expect; nil for everything
	Quick     bool                                      // small shapes and few steps: minutes on a stand-in
}

// Steps returns the steps, in the order in which they should be made.
func Steps(t Target) []devicecheck.Step {
	minutes := func(n float64) time.Duration { return time.Duration(n * float64(time.Minute)) }
	return []devicecheck.Step{
		{Name: "device", Title: "The device and the machine", Setup: minutes(3), Limit: minutes(3), First: true, Run: t.describe},
		{Name: "suite", Title: "The conformance suite", Setup: minutes(5), Limit: minutes(5), Run: t.suite},
		{Name: "operations", Title: "Every operation against the CPU", Setup: minutes(3), Limit: minutes(3), Run: t.operations},
		{Name: "blocks", Title: "Every block against the reference", Setup: minutes(3), Limit: minutes(10), Run: t.blocks},
		{Name: "training", Title: "Training beside the CPU", Setup: minutes(3), Limit: minutes(60), Run: t.training},
		{Name: "speed", Title: "Speed", Setup: minutes(3), Limit: minutes(10), Run: t.speed},
		{Name: "profile", Title: "Where the time of a training step goes", Setup: minutes(3), Limit: minutes(10), Run: t.profile},
	}
}

// with opens both devices for f.
func (t Target) with(f func(device, reference backend.Backend) error) (err error) {
	device, err := t.Open()
	if err != nil {
		return err
	}
	defer closing(&err, device.Close)
	reference, err := t.Reference()
	if err != nil {
		return err
	}
	defer closing(&err, reference.Close)
	return f(device, reference)
}

// closing calls f on the way out of a function and keeps its error if there is no earlier one.
func closing(err *error, f func() error) {
	if e := f(); *err == nil {
		*err = e
	}
}

// describe notes what the device says of itself.
func (t Target) describe(_ context.Context, r *devicecheck.Recorder) error {
	r.Try("machine", describeMachine)
	r.Try("open and close", func(c *devicecheck.Case) error {
		b, err := t.Open()
		if err != nil {
			return err
		}
		info := b.Info()
		c.Set("device", info.Device)
		c.Set("model", info.Model)
		c.Set("memory", info.Memory)
		c.Set("layout", info.Layout.String())
		c.Set("dtypes", fmt.Sprint(info.DTypes))
		c.Set("versions", info.Versions)
		c.Set("value", info.Model)
		return b.Close()
	})
	r.Try("open again", func(*devicecheck.Case) error {
		b, err := t.Open()
		if err != nil {
			return err
		}
		return errors.Join(b.Sync(), b.Close())
	})
	return nil
}
