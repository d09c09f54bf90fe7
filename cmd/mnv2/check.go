package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"mnv2/backend"
	"mnv2/internal/cli"
	"mnv2/internal/devicecheck"
	"mnv2/internal/devicecheck/anydevice"
	"mnv2/internal/devices"
)

// checkStep is the hidden first argument with which the program calls itself: it makes one step of a check. The next are the
// device, the step, and "quick" or "full".
const checkStep = "device-check-step"

// checkCommand tries out a device.
func checkCommand(ctx context.Context, in cli.Invocation) error {
	spec := in.Options.CheckDevice
	if err := devices.Check(spec); err != nil || spec == "auto" {
		return &cli.ExitError{Code: cli.Usage, Err: fmt.Errorf("--check %q: want cpu, cuda[:N] or ascend[:N]", spec)}
	}
	size := "full"
	if in.Options.Quick {
		size = "quick"
	}
	steps, err := chosenSteps(checkSteps(spec, in.Options.Quick), in.Options.Steps)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("devices --check: %w", err)
	}
	folder, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("devices --check: %w", err)
	}
	c := &devicecheck.Check{Device: spec, Version: version, Quick: in.Options.Quick, Steps: steps, Folder: folder, Progress: progress(in),
		Command: func(_ context.Context, step string) *exec.Cmd { return exec.Command(self, checkStep, spec, step, size) }}
	report, archive, err := c.Run(ctx)
	if report == nil {
		return err
	}
	if e := printReport(in, report, archive); e != nil {
		return e
	}
	if err != nil { // interrupted
		return err
	}
	return verdict(spec, report)
}

// chosenSteps returns those of list that names, separated by commas, name.
func chosenSteps(list []devicecheck.Step, names string) (chosen []devicecheck.Step, err error) {
	if names == "all" {
		return list, nil
	}
	var all []string
	wanted := strings.Split(names, ",")
	for _, s := range list {
		all = append(all, s.Name)
		for _, name := range wanted {
			if s.Name == strings.TrimSpace(name) {
				chosen = append(chosen, s)
			}
		}
	}
	if len(chosen) != len(wanted) {
		return nil, &cli.ExitError{Code: cli.Usage, Err: fmt.Errorf("--steps %q: want all, or some of %s", names, strings.Join(all, ", "))}
	}
	return chosen, nil
}

// between is how long nothing is said about single cases after the last word about one.
const between = 10 * time.Second

// progress returns what tells a person how far a check is.
func progress(in cli.Invocation) func(text string, detail bool) {
	last := time.Now()
	return func(text string, detail bool) {
		if detail && !in.Options.Verbose && time.Since(last) < between {
			return
		}
		last = time.Now()
		note(in, text)
	}
}

// printReport prints the page, or a line for each step, and the archive's name at the end.
func printReport(in cli.Invocation, r *devicecheck.Report, archive string) error {
	if !in.JSON {
		if err := r.WriteText(in.Stdout); err != nil {
			return err
		}
		_, err := fmt.Fprintf(in.Stdout, "\nThe archive to send: %s\n", archive)
		return err
	}
	for _, s := range r.Steps {
		counts := map[devicecheck.State]int{}
		var bad []devicecheck.Outcome
		for _, o := range s.Outcomes {
			counts[o.State]++
			if o.State.IsBad() {
				bad = append(bad, o)
			}
		}
		line := map[string]any{"step": s.Name, "title": s.Title, "cases": len(s.Outcomes), "ended": counts, "seconds": s.Seconds}
		if len(bad) > 0 {
			line["bad"] = bad
		}
		if s.Error != "" {
			line["error"] = s.Error
		}
		if err := printJSON(in, line); err != nil {
			return err
		}
	}
	return printJSON(in, map[string]any{"archive": archive, "device": r.Device, "bad": r.Bad(), "seconds": r.Seconds})
}

// verdict is how the program ends after a check.
func verdict(spec string, r *devicecheck.Report) error {
	switch {
	case r.NoDevice:
		return &cli.ExitError{Code: cli.NoDevice, Err: fmt.Errorf("--check %s: %s", spec, why(r))}
	case r.IsBad():
		return fmt.Errorf("--check %s: %d of its parts are wrong", spec, r.Bad())
	}
	return nil
}

// why returns the first thing that is bad.
func why(r *devicecheck.Report) string {
	for _, s := range r.Steps {
		for _, o := range s.Outcomes {
			if o.State.IsBad() {
				return o.Text
			}
		}
		if s.Error != "" {
			return s.Error
		}
	}
	return "nothing is wrong"
}

// runCheckStep is the program as a child of a check. It returns the exit status.
func runCheckStep(ctx context.Context, args []string) int {
	if len(args) != 3 {
		fmt.Fprintln(os.Stderr, "mnv2: this is for mnv2 devices --check")
		return cli.Usage
	}
	return devicecheck.Child(ctx, checkSteps(args[0], args[2] == "quick"), args[1], os.Stdin, os.Stdout)
}

// checkSteps lists the steps of the check of a device: what any can be put through, and what concerns its vendor.
func checkSteps(spec string, quick bool) []devicecheck.Step {
	open := func(spec string) func() (backend.Backend, error) {
		return func() (backend.Backend, error) {
			b, _, err := devices.Open(spec, devices.Options{})
			var refused *devices.Error
			if errors.As(err, &refused) { // the child says why, without naming the option
				err = refused.Err
			}
			return b, err
		}
	}
	name, _, _ := strings.Cut(spec, ":")
	vendor := vendorChecks[name]
	t := anydevice.Target{Open: open(spec), Reference: open("cpu"), Quick: quick, Suite: vendor.suite}
	steps := anydevice.Steps(t)
	if vendor.steps != nil {
		steps = append(steps, vendor.steps(spec, quick)...)
	}
	return steps
}
