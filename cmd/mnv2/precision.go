package main

import (
	"fmt"
	"slices"
	"sort"

	"mnv2/backend"
	"mnv2/internal/cli"
	"mnv2/internal/devices"
	"mnv2/internal/options"
)

// precisionLevel is the precision level that the command goes by.
func precisionLevel(in cli.Invocation) string {
	if in.Command == "train" {
		return in.Options.AmpLevel
	}
	return in.Options.ValAmpLevel
}

// deviceOptions are what the options say about the device. O1 is float32 with products of rounded operands.
func deviceOptions(in cli.Invocation) devices.Options {
	o := &in.Options
	return devices.Options{Threads: o.Threads, Debug: o.DebugDevice, Fast: !o.Deterministic, Down: o.TF32 || precisionLevel(in) == "O1",
		Autotune: o.Autotune, Warn: func(text string) { fmt.Fprintln(in.Stderr, "mnv2: warning:", text) }}
}

// activationType is the type that activations have on the device: half precision at O2, O3 and auto, which differ in MindCV
// only in how batch norm's input is rounded. A device that has none computes in float32, which deviceNotes says.
func activationType(in cli.Invocation, info backend.Info) (backend.DType, error) {
	if l := precisionLevel(in); l == "O0" || l == "O1" || !slices.ContainsFunc(info.DTypes, func(t backend.DType) bool { return t != backend.F32 }) {
		return backend.F32, nil
	}
	half := backend.F16
	if in.Options.AmpDType == "bf16" {
		half = backend.BF16
	}
	if !slices.Contains(info.DTypes, half) {
		return 0, &cli.ExitError{Code: cli.Usage, Err: fmt.Errorf("--amp_dtype %v: %s has none", half, info.Model),
			Hint: fmt.Sprintf("it has %v; use --amp_dtype f16, with a --loss_scale", info.DTypes)}
	}
	return half, nil
}

// deviceNotes says which options the device does not need or does not have.
func deviceNotes(o *options.Options, info backend.Info) []string {
	var list []string
	if slices.Contains(info.DTypes, backend.F16) {
		return nil
	}
	if level := o.AmpLevel; level != "O0" && o.IsSet("amp_level") {
		list = append(list, fmt.Sprintf("amp_level %s: the %s device computes in float32 at every level", level, info.Device))
	}
	for name, isOn := range map[string]bool{"tf32": o.TF32, "amp_dtype": o.IsSet("amp_dtype"), "val_amp_level": o.ValAmpLevel != "O0",
		"deterministic": !o.Deterministic} {
		if isOn {
			list = append(list, fmt.Sprintf("%s has no effect on the %s device, which computes in float32 and always gives the same bits", name, info.Device))
		}
	}
	sort.Strings(list)
	return list
}
