// Package devices holds the list of drivers that are compiled in, and the meaning of --device.
package devices

import (
	"fmt"
	"strconv"
	"strings"

	"mnv2/backend"
	"mnv2/cpu"
)

// Options are handed to the device that is opened.
type Options struct {
	Threads  int          // of the CPU device; 0 for all
	Debug    bool         // wait after every operation and check the memory around every buffer
	Fast     bool         // allow sums in a varying order where a device has them
	Down     bool         // let matrix units round float32 operands where a device has none for float32, or is faster so
	Autotune bool         // measure which engine is fastest for a convolution where a device has several, and keep the choice
	Warn     func(string) // told what the user should know and nothing fails of; may be nil
}

// drivers lists what --device may name, best first: the order in which auto tries.
func drivers(o Options) []backend.Driver {
	return []backend.Driver{
		cudaDriver(o),
		ascendDriver(o),
		cpuDriver(o),
	}
}

func cpuDriver(o Options) backend.Driver {
	d := cpu.Driver
	d.Open = func(index int) (backend.Backend, error) {
		if index != 0 {
			return nil, fmt.Errorf("%w: there is one cpu device", backend.ErrUnavailable)
		}
		return cpu.Open(cpu.Options{Threads: o.Threads})
	}
	return d
}

// absent is a driver that this program was built without.
func absent(name string) backend.Driver {
	err := fmt.Errorf("%w: not part of this build: make %s builds it in", backend.ErrUnavailable, name)
	return backend.Driver{
		Name:  name,
		Probe: func() ([]backend.Info, error) { return nil, err },
		Open:  func(int) (backend.Backend, error) { return nil, err },
	}
}

// PassedOver is a device that auto did not take, and why.
type PassedOver struct {
	Name string
	Err  error
}

// Error is a --device that cannot be had. It unwraps to backend.ErrUnavailable or to what the driver said.
type Error struct {
	Spec  string
	Err   error
	Found []string // devices that there are
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("--device %q: %v", e.Spec, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// HintText says which devices there are.
func (e *Error) HintText() string { return "found: " + strings.Join(e.Found, ", ") }

// Open opens the device that spec names: "auto", "cpu", "cuda", "cuda:1", "ascend:0". auto takes the first that works and
// returns those it passed over; a device that is named never falls back to another.
func Open(spec string, o Options) (backend.Backend, []PassedOver, error) {
	if spec == "" || spec == "auto" {
		return openBest(o)
	}
	name, index, err := parse(spec)
	if err != nil {
		return nil, nil, err
	}
	for _, d := range drivers(o) {
		if d.Name != name {
			continue
		}
		b, err := openNumber(d, index)
		if err != nil {
			return nil, nil, &Error{Spec: spec, Err: err, Found: found(o)}
		}
		return wrap(b, o), nil, nil
	}
	return nil, nil, &UsageError{Spec: spec}
}

func openBest(o Options) (backend.Backend, []PassedOver, error) {
	var passed []PassedOver
	for _, d := range drivers(o) {
		b, err := openNumber(d, unnumbered)
		if err == nil {
			return wrap(b, o), passed, nil
		}
		passed = append(passed, PassedOver{d.Name, err})
	}
	return nil, passed, &Error{Spec: "auto", Err: backend.ErrUnavailable}
}

func wrap(b backend.Backend, o Options) backend.Backend {
	if o.Debug {
		return backend.Checked(b)
	}
	return b
}

// UsageError is a --device that no device could ever be called.
type UsageError struct{ Spec string }

// ExitCode is that of a wrong command line.
func (e *UsageError) ExitCode() int { return 2 }

// Error implements error.
func (e *UsageError) Error() string {
	return fmt.Sprintf("--device %q: want auto, cpu, cuda[:N] or ascend[:N]", e.Spec)
}

// Check returns nil if spec is something that --device may be, whether or not there is such a device.
func Check(spec string) error {
	if spec == "" || spec == "auto" {
		return nil
	}
	name, _, err := parse(spec)
	if err != nil {
		return err
	}
	for _, d := range drivers(Options{}) {
		if d.Name == name {
			return nil
		}
	}
	return &UsageError{Spec: spec}
}

func parse(spec string) (name string, index int, err error) {
	name, number, hasIndex := strings.Cut(spec, ":")
	if !hasIndex {
		return name, unnumbered, nil
	}
	if index, err = strconv.Atoi(number); err != nil || index < 0 {
		return "", 0, &UsageError{Spec: spec}
	}
	return name, index, nil
}

// Status is what a driver found.
type Status struct {
	Driver string
	Infos  []backend.Info
	Err    error
}

// List asks every driver what it finds.
func List(o Options) []Status {
	var list []Status
	for _, d := range drivers(o) {
		infos, err := d.Probe()
		list = append(list, Status{d.Name, infos, err})
	}
	return list
}

func found(o Options) []string {
	var names []string
	for _, s := range List(o) {
		for _, info := range s.Infos {
			names = append(names, strings.TrimSpace(info.Device+" "+info.Model))
		}
	}
	return names
}
