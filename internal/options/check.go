package options

import (
	"fmt"
	"slices"
)

// check reports values that fit by themselves but not together, as one UsageError, or nil.
func (o *Options) check(c Command) error {
	var problems []string
	bad := func(cond bool, format string, args ...any) {
		if cond {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	for _, r := range []struct {
		name string
		list []float64
	}{{"scale", o.Scale}, {"ratio", o.Ratio}, {"re_scale", o.ReScale}, {"re_ratio", o.ReRatio}, {"find_lr_range", o.FindLRRange}} {
		bad(len(r.list) == 2 && r.list[0] > r.list[1], "--%s %s: the first number must not exceed the second", r.name, formatList(r.list))
	}
	bad(len(o.ColorJitter) == 4 && o.ColorJitter[3] > 0.5, "--color_jitter: hue must be at most 0.5, not %v", last(o.ColorJitter))
	if c&Train != 0 {
		bad(o.CkptSavePolicy == "top_k" && !o.ValWhileTrain, "--ckpt_save_policy top_k: needs --val_while_train, which tells what is best")
		bad(o.AugSplits > 0 && o.AutoAugment == "", "--aug_splits %d: needs --auto_augment, which makes the copies differ", o.AugSplits)
		bad(count(o.DryRun, o.FindLR, o.OverfitBatch) > 1, "--dry_run, --find_lr and --overfit_batch: one at a time")
		bad(o.Chart != "" && !o.DryRun && !o.FindLR, "--chart: goes with --dry_run or --find_lr; mnv2 report draws the charts of a run")
		bad(o.FindLR && o.FindLRRange[0] == o.FindLRRange[1], "--find_lr_range %s: the first number must be less than the second", formatList(o.FindLRRange))
		bad(o.HeadLR.Some && o.LR == 0, "--head_lr %g: needs --lr above 0, whose schedule it follows", o.HeadLR.Value)
		bad(o.Loss == "jsd" && o.AugSplits != 3, "--loss jsd: needs --aug_splits 3, whose pictures it compares")
		bad(o.NumSamples.Some && o.AugRepeats > 0, "--num_samples cannot be combined with --aug_repeats")
	}
	if c&Runs != 0 {
		bad(o.Dataset == "mnist" && o.InChannels != 1, "--in_channels %d: mnist images have 1 channel; pass --in_channels 1", o.InChannels)
		bad(o.Dataset != "mnist" && o.InChannels != 3, "--in_channels %d: images of --dataset %q have 3 channels; pass --in_channels 3", o.InChannels, o.Dataset)
	}
	if problems == nil {
		return nil
	}
	return &UsageError{Problems: problems}
}

func count(flags ...bool) (n int) {
	for _, f := range flags {
		if f {
			n++
		}
	}
	return n
}

func last(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1]
}

// Situation is what besides the options decides whether a run can be done.
type Situation struct {
	Command Command
	Ranks   int // processes that a launcher started together; 0 and 1 mean alone
}

// Unsupported lists the options whose value is understood but not built in this version, one error each. Options
// without effect on the command are passed over: a recipe may train with an optimizer that validation never needs.
func Unsupported(o *Options, s Situation) []error {
	var errs []error
	for _, opt := range table {
		if opt.Later == nil || opt.Acts&s.Command == 0 || !opt.refused(o, s) {
			continue
		}
		errs = append(errs, &UsageError{Problems: []string{opt.refusal(o, s)}})
	}
	return errs
}

// Refuse is Unsupported as a single error, nil if there is nothing to refuse.
func Refuse(o *Options, s Situation) error {
	var lines []string
	for _, err := range Unsupported(o, s) {
		lines = append(lines, err.Error())
	}
	if lines == nil {
		return nil
	}
	return &UsageError{Problems: lines}
}

func (o *Option) refused(v *Options, s Situation) bool {
	if o.Name == "distribute" {
		return s.Ranks > 1 && (v.Distribute || !v.IsSet("distribute"))
	}
	if o.Later.When != nil {
		return o.Later.When(v)
	}
	return !slices.Contains(o.Later.Built, o.Format(v))
}

func (o *Option) refusal(v *Options, s Situation) string {
	subject := fmt.Sprintf("--%s %s", o.Name, clip(o.Format(v)))
	switch src := v.Source(o.Name); {
	case o.Name == "distribute":
		subject = fmt.Sprintf("--distribute, %d processes", s.Ranks)
	case src == FromDefault:
		subject += " (the default)"
	case src != FromFlag:
		subject += " (" + src.String() + ")"
	}
	return fmt.Sprintf("%s: %s not built yet; %s", subject, o.Later.What, o.Later.Try)
}

// Built describes in one phrase which values work in this version, "" if all do.
func (o *Option) Built() string {
	switch {
	case o.Later == nil:
		return ""
	case o.Name == "distribute":
		return "one device"
	case o.Name == "pretrained":
		return "a file, or True with ckpt_path"
	case o.Later.Built == nil:
		return "0"
	}
	return orList(dropHidden(o))
}

func dropHidden(o *Option) []string {
	var words []string
	for _, b := range o.Later.Built {
		if !slices.Contains(o.Hidden, b) {
			words = append(words, b)
		}
	}
	return words
}
