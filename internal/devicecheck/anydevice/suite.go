package anydevice

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mnv2/backend"
	"mnv2/backend/backendtest"
	"mnv2/internal/devicecheck"
)

// suite runs the conformance suite. Every test of it is a case.
func (t Target) suite(_ context.Context, r *devicecheck.Recorder) error {
	b, err := t.Open()
	if err != nil {
		return err
	}
	o := backendtest.Options{}
	if t.Suite != nil {
		o = t.Suite(b)
	}
	if err := b.Close(); err != nil {
		return err
	}
	root := &tester{recorder: r}
	err = root.catch(func() { backendtest.RunOn(root, t.Open, o) })
	return errors.Join(root.err(), err)
}

// tester records tests of the suite as cases.
type tester struct {
	recorder *devicecheck.Recorder
	name     string
	failures []failure
	notes    []string
}

// errFatal is what Fatalf panics with.
var errFatal = errors.New("the test ended itself")

// Helper implements backendtest.Tester.
func (t *tester) Helper() {}

// Name implements backendtest.Tester.
func (t *tester) Name() string { return t.name }

// Logf implements backendtest.Tester.
func (t *tester) Logf(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// Errorf implements backendtest.Tester. What matters of errors among args stays findable.
func (t *tester) Errorf(format string, args ...any) {
	f := failure{text: fmt.Sprintf(format, args...)}
	for _, a := range args {
		if err, ok := a.(error); ok {
			f.isUnsupported = f.isUnsupported || errors.Is(err, backend.ErrUnsupported)
			f.isLost = f.isLost || errors.Is(err, backend.ErrDeviceLost)
		}
	}
	t.failures = append(t.failures, f)
}

// failure is what one Errorf said.
type failure struct {
	text                  string
	isUnsupported, isLost bool
	isLast                bool // it ended the test; what comes after it is of not tidying up
}

// err joins the failures. They are [backend.ErrUnsupported] if they say nothing but that until the test ended.
func (t *tester) err() error {
	if len(t.failures) == 0 {
		return nil
	}
	var texts []string
	unsupported, lost := true, false
	for _, f := range t.failures {
		texts = append(texts, f.text)
		unsupported, lost = unsupported && f.isUnsupported, lost || f.isLost
		if f.isLast && unsupported {
			break
		}
	}
	text := strings.Join(texts, "\n")
	switch {
	case lost:
		return fmt.Errorf("%s: %w", text, backend.ErrDeviceLost)
	case unsupported:
		return fmt.Errorf("%s: %w", text, backend.ErrUnsupported)
	}
	return errors.New(text)
}

// Fatalf implements backendtest.Tester.
func (t *tester) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	t.failures[len(t.failures)-1].isLast = true
	panic(errFatal)
}

// Failed implements backendtest.Tester.
func (t *tester) Failed() bool { return len(t.failures) > 0 }

// Run implements backendtest.Tester. A test whose parts failed has not failed itself: they are cases of their own.
func (t *tester) Run(name string, f func(backendtest.Tester)) bool {
	part := &tester{recorder: t.recorder, name: strings.TrimPrefix(t.name+"/"+name, "/")}
	t.recorder.Try(part.name, func(c *devicecheck.Case) error {
		if err := part.catch(func() { f(part) }); err != nil {
			return err
		}
		if len(part.notes) > 0 {
			c.Set("notes", part.notes)
		}
		return part.err()
	})
	return !part.Failed()
}

// catch runs f until it is done or ends itself with Fatalf.
func (t *tester) catch(f func()) (err error) {
	defer func() {
		if p := recover(); p != nil && p != any(errFatal) {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	f()
	return nil
}
