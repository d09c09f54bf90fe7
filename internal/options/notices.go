package options

import (
	"fmt"
	"regexp"
)

// notices tells what has no effect and what is probably not meant.
func (o *Options) notices(r Request) []Notice {
	n := o.effectless(r.Command)
	if r.Command&Runs != 0 {
		n = append(n, o.sizeNotice()...)
	}
	if r.Command&Train != 0 {
		n = append(n, o.scheduleNotices()...)
		n = append(n, o.trainNotices(r)...)
	}
	return n
}

// effectless explains options that were given and do nothing: those that make no sense here, when they differ from
// the default, and those of the command line that the command does not use.
func (o *Options) effectless(c Command) []Notice {
	var n []Notice
	defaults := Defaults()
	for _, opt := range table {
		flag := o.Source(opt.Name) == FromFlag
		switch {
		case opt.Here != "" && (flag || o.IsSet(opt.Name) && opt.Format(o) != opt.Format(&defaults)):
			n = append(n, Notice{Option: opt.Name, Text: fmt.Sprintf("%s has no effect: %s", opt.Name, opt.Here)})
		case flag && opt.Acts&c == 0:
			n = append(n, Notice{Option: opt.Name, Text: fmt.Sprintf("--%s has no effect on %s", opt.Name, c.Name())})
		}
	}
	return n
}

var namedSize = regexp.MustCompile(`^mobilenet_v2_\d+_(\d+)$`)

// sizeNotice warns when the model's name promises another input size than image_resize gives.
func (o *Options) sizeNotice() []Notice {
	m := namedSize.FindStringSubmatch(o.Model)
	if m == nil || m[1] == fmt.Sprint(o.ImageResize) || (m[1] == "224" && !o.IsSet("model")) || o.Source("model") == FromRecipe {
		return nil
	}
	return []Notice{{Option: "image_resize", Warning: true, Text: fmt.Sprintf(
		"model %s is named for images of %s pixels, but image_resize is %d; the name does not set it, as in MindCV",
		o.Model, m[1], o.ImageResize)}}
}

func (o *Options) scheduleNotices() []Notice {
	var n []Notice
	warn := func(cond bool, option, format string, args ...any) {
		if cond {
			n = append(n, Notice{Option: option, Warning: true, Text: fmt.Sprintf(format, args...)})
		}
	}
	warn(o.WarmupEpochs >= o.EpochSize, "warmup_epochs", "warm-up of %d epochs fills the whole run of %d; lr is reached only at its end or not at all",
		o.WarmupEpochs, o.EpochSize)
	cut := o.WarmupEpochs < o.EpochSize && o.WarmupEpochs+o.DecayEpochs > o.EpochSize
	warn(cut && o.Scheduler == "cosine_decay", "decay_epochs", "warmup_epochs %d + decay_epochs %d exceed epoch_size %d: the cosine is cut short; decay_epochs %d ends at min_lr",
		o.WarmupEpochs, o.DecayEpochs, o.EpochSize, o.EpochSize-o.WarmupEpochs)
	warn(o.LREpochStair && o.WarmupEpochs > 0 && o.WarmupFactor == 0, "lr_epoch_stair",
		"lr_epoch_stair with warmup_factor 0 keeps the learning rate at 0 for the whole first epoch, as in MindCV")
	warn(o.LayerDecay.Some && o.WeightDecayFilter == "auto", "layer_decay", "layer_decay has no effect with weight_decay_filter auto, as in MindCV")
	warn(o.ResumeOpt && o.CkptPath == "", "resume_opt", "resume_opt has no effect without ckpt_path")
	return n
}

func (o *Options) trainNotices(r Request) []Notice {
	var n []Notice
	folders := o.Dataset == "imagenet" || o.Dataset == ""
	if folders && o.AutoAugment == "" && o.ColorJitter != nil && !o.IsSet("color_jitter") {
		n = append(n, Notice{Option: "color_jitter",
			Text: fmt.Sprintf("color_jitter %v acts although nothing asks for it, as in MindCV; --color_jitter None turns it off", o.ColorJitter[0])})
	}
	if o.Distribute && r.Ranks <= 1 {
		n = append(n, Notice{Option: "distribute",
			Text: "distribute is on, but no launcher started several processes: training on one device; lr and batch_size are used as they are"})
	}
	return n
}
