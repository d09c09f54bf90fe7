package options

import (
	"fmt"
	"slices"
)

// settle brings values with several spellings to one, so that the rest of the program meets one form only.
func (o *Options) settle() []Notice {
	var notices []Notice
	if o.Opt == "nesterov" {
		o.Opt = "momentum"
		if !o.UseNesterov {
			notices = append(notices, Notice{Option: "opt", Warning: true,
				Text: "opt nesterov without use_nesterov is plain momentum, as in MindCV"})
		}
	}
	o.Scheduler = canonical(o.Scheduler, "warmup_cosine_decay", "cosine_decay")
	o.Interpolation = canonical(canonical(o.Interpolation, "linear", "bilinear"), "cubic", "bicubic")
	o.Mean, o.Std = widen(o.Mean, o.InChannels), widen(o.Std, o.InChannels)
	if o.hasTestSplit() && !o.IsSet("val_split") {
		o.ValSplit = "test"
	}
	return append(notices, o.settleDevice()...)
}

func canonical(v, other, name string) string { return pick(v == other, name, v) }

// widen repeats a single value for each channel.
func widen(list []float64, channels int) []float64 {
	if len(list) != 1 {
		return list
	}
	return slices.Repeat(list, channels)
}

// hasTestSplit is true for the data sets whose second part is called test; MindCV fails on its default name val.
func (o *Options) hasTestSplit() bool {
	return o.Dataset == "cifar10" || o.Dataset == "cifar100" || o.Dataset == "mnist"
}

var deviceOfTarget = map[string]string{"Ascend": "ascend", "GPU": "cuda", "CPU": "cpu"}

// settleDevice lets device_target choose the device unless --device does.
func (o *Options) settleDevice() []Notice {
	want := deviceOfTarget[o.DeviceTarget]
	switch {
	case want == "" || o.Device == want:
	case !o.IsSet("device"):
		o.Device = want
	default:
		return []Notice{{Option: "device_target",
			Text: fmt.Sprintf("--device %s is used, not device_target %s", o.Device, o.DeviceTarget)}}
	}
	return nil
}
