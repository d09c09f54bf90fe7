package main

import (
	"context"
	"fmt"
	"io"
	"sort"
	"strings"

	"mnv2/backend"
	"mnv2/internal/cli"
	"mnv2/internal/devices"
)

func devicesCommand(ctx context.Context, in cli.Invocation) error {
	if in.Options.CheckDevice != "" {
		return checkCommand(ctx, in)
	}
	for _, s := range devices.List(devices.Options{}) {
		if in.JSON {
			if err := printStatusJSON(in, s); err != nil {
				return err
			}
			continue
		}
		if s.Err != nil {
			fmt.Fprintf(in.Stdout, "%-8s not available: %s\n", s.Driver, reason(s.Err))
		}
		for _, info := range s.Infos {
			printInfo(in.Stdout, info)
		}
	}
	return nil
}

// reason is err without the sentence that only says that the device is not there.
func reason(err error) string {
	return strings.TrimPrefix(err.Error(), backend.ErrUnavailable.Error()+": ")
}

func printInfo(w io.Writer, info backend.Info) {
	fmt.Fprintf(w, "%-8s %s", info.Device, info.Model)
	if info.Threads > 0 {
		fmt.Fprintf(w, ", %d threads", info.Threads)
	}
	if info.Memory > 0 {
		fmt.Fprintf(w, ", %.1f GiB", float64(info.Memory)/(1<<30))
	}
	fmt.Fprintf(w, ", layout %v, types %v\n", info.Layout, info.DTypes)
	if info.State != "" {
		fmt.Fprintf(w, "         %s\n", info.State)
	}
	names := make([]string, 0, len(info.Versions))
	for name := range info.Versions {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(w, "         %s: %s\n", name, info.Versions[name])
	}
}

func printStatusJSON(in cli.Invocation, s devices.Status) error {
	if s.Err != nil {
		return printJSON(in, map[string]any{"driver": s.Driver, "available": false, "reason": reason(s.Err)})
	}
	for _, info := range s.Infos {
		err := printJSON(in, map[string]any{"driver": s.Driver, "available": true, "device": info.Device, "model": info.Model,
			"memory": info.Memory, "threads": info.Threads, "layout": info.Layout.String(), "dtypes": fmt.Sprint(info.DTypes),
			"versions": info.Versions, "state": info.State})
		if err != nil {
			return err
		}
	}
	return nil
}

// openDevice opens what --device names. With auto it says which device was taken and why others were not.
func openDevice(in cli.Invocation) (backend.Backend, error) {
	b, passed, err := devices.Open(in.Options.Device, deviceOptions(in))
	if err != nil {
		return nil, err
	}
	info := b.Info()
	for _, text := range deviceNotes(&in.Options, info) {
		note(in, text)
	}
	text := fmt.Sprintf("device %s: %s", info.Device, info.Model)
	if info.Threads > 0 {
		text += fmt.Sprintf(", %d threads", info.Threads)
	}
	for _, p := range passed {
		text += fmt.Sprintf("; not %s (%s)", p.Name, reason(p.Err))
	}
	note(in, text)
	return b, nil
}

// note prints a line for a person: nothing with --quiet, and nothing beside JSON.
func note(in cli.Invocation, text string) {
	if !in.Options.Quiet && !in.JSON {
		fmt.Fprintln(in.Stderr, "mnv2:", text)
	}
}
