package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mnv2/backend"
	"mnv2/internal/cli"
	"mnv2/internal/term"
	"mnv2/train"
	"mnv2/weights"
)

// reporter shows a training run: a progress line and a line per epoch on a terminal, MindCV's log lines elsewhere, JSON
// lines with --format json; and always MindCV's log lines in the run's folder.
type reporter struct {
	in       cli.Invocation
	screen   *term.Screen
	watched  bool // a person looks at the screen
	isTrial  bool // steps are tried, nothing is kept
	log      io.WriteCloser
	bad      int
	lastLoss float64
	gauges   []backend.Gauge // how the device was when the last step was logged
	spark    []float64
}

func newReporter(in cli.Invocation) (*reporter, error) {
	dir := in.Options.CkptSaveDir
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("--ckpt_save_dir: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(dir, "rank0.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, fmt.Errorf("--ckpt_save_dir: %w", err)
	}
	return reporterTo(in, log), nil
}

// reporterTo returns a reporter whose log lines go to log.
func reporterTo(in cli.Invocation, log io.WriteCloser) *reporter {
	r := &reporter{in: in, log: log, screen: openScreen(in)}
	r.watched = r.screen.Terminal() && !in.JSON && !in.Options.Quiet
	return r
}

// openScreen returns the screen behind standard error, which keeps a progress line if it is a terminal.
func openScreen(in cli.Invocation) *term.Screen {
	if f, ok := in.Stderr.(*os.File); ok {
		return term.Open(f, os.Getenv)
	}
	return term.Plain(in.Stderr)
}

func (r *reporter) close() error {
	return errors.Join(r.screen.Clear(), r.log.Close())
}

// event implements train.Options.Report.
func (r *reporter) event(e train.Event) {
	if r.isTrial {
		r.tried(e)
		return
	}
	switch e := e.(type) {
	case train.Stepped:
		r.stepped(e)
	case train.Logged:
		r.logged(e)
	case train.Skipped:
		r.skipped(e)
	case train.Validating:
		if r.watched {
			_ = r.screen.Progress(fmt.Sprintf("epoch %d  validating, %d images", e.Epoch, e.Images))
		}
	case train.Validated:
		r.validated(e)
	case train.Saved:
		r.mindcv("mindcv.utils.callbacks", "Saving model to %s", e.Path)
	case train.SaveFailed:
		r.warn("%s was not saved, training goes on and tries again: %v", e.Path, plain(e.Err))
	case train.EpochEnded:
		r.epochEnded(e)
	case train.BadFile:
		r.bad++
		r.warn("skipped %v", e.Err)
	case train.Started:
		r.started(e)
	}
}

// tried shows the steps of a trial as they come.
func (r *reporter) tried(e train.Event) {
	switch e := e.(type) {
	case train.Logged:
		if r.watched {
			_ = r.screen.Progress(fmt.Sprintf("step %d/%d  loss %.4f  lr %.4g", e.Step, r.in.Options.TrialSteps, e.Loss, e.LR))
		}
	case train.BadFile:
		r.warn("skipped %v", e.Err)
	}
}

// mindcv writes a line as MindCV does: to the run's log, and to standard output where nobody watches.
func (r *reporter) mindcv(logger, format string, args ...any) {
	text := fmt.Sprintf("[%s] %s INFO - %s\n", time.Now().Format(time.DateTime), logger, fmt.Sprintf(format, args...))
	_, _ = io.WriteString(r.log, text) // the run does not end because its log cannot grow
	if !r.watched && !r.in.JSON && !r.in.Options.Quiet && !r.isTrial {
		_, _ = io.WriteString(r.in.Stdout, text)
	}
}

// say prints a line for a person at a terminal.
func (r *reporter) say(format string, args ...any) {
	if r.watched {
		fmt.Fprintf(r.screen, format+"\n", args...)
	}
}

func (r *reporter) warn(format string, args ...any) {
	fmt.Fprintf(r.screen, "mnv2: warning: "+format+"\n", args...)
}

func (r *reporter) stepped(e train.Stepped) {
	if r.watched {
		_ = r.screen.Progress(fmt.Sprintf("epoch %d/%d  step %d/%d  loss %.4f  lr %.4g  %.0f img/s  input wait %.0f %%  ETA %s",
			e.Epoch, e.Epochs, e.Step, e.StepsPerEpoch, r.lastLoss, e.LR, e.ImagesPerSec, 100*e.InputWait, term.Duration(e.Remaining)))
	}
}

func (r *reporter) logged(e train.Logged) {
	r.lastLoss = e.Loss
	r.stepped(e.Stepped)
	r.mindcv("mindcv.utils.callbacks", "Epoch: [%d/%d], batch: [%d/%d], loss: %.6f, lr: %.6f, time: %.6fs",
		e.Epoch, e.Epochs, e.Step, e.StepsPerEpoch, e.Loss, e.LR, e.Elapsed.Seconds())
	if r.in.JSON {
		line := map[string]any{"epoch": e.Epoch, "step": e.Step, "loss": finite(e.Loss), "lr": e.LR,
			"images_per_sec": e.ImagesPerSec, "input_wait": e.InputWait, "loss_scale": e.LossScale, "skipped": e.Skipped}
		if e.GradientNorm > 0 {
			line["gradient_norm"] = e.GradientNorm
		}
		for _, g := range e.Gauges {
			line["device_"+g.Name] = g.Value
		}
		r.json(line)
	}
	r.gauges = e.Gauges
}

// finite is what stands for a number in JSON, which has no word for those that are not finite.
func finite(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return v
}

// skipped tells of steps that changed nothing.
func (r *reporter) skipped(e train.Skipped) {
	text := fmt.Sprintf("epoch %d, step %d: %d steps so far changed nothing, since their loss or gradients were not finite", e.Epoch, e.Step, e.Total)
	if e.Expected {
		r.say("%s; the loss scale is %g now", text, e.LossScale)
		return
	}
	if e.Layer != "" {
		text += "; in the last of them the first such number is in " + e.Layer
	}
	r.warn("%s", text)
}

func (r *reporter) validated(e train.Validated) {
	r.mindcv("mindcv.utils.callbacks", "Validation Top_1_Accuracy: %.4f%%, Top_5_Accuracy: %.4f%%, time: %.6fs", e.Top1, e.Top5, e.Seconds)
	if e.Best {
		r.mindcv("mindcv.utils.callbacks", "=> New best val acc: %.4f%%", e.Top1)
	}
	if r.in.JSON {
		r.json(map[string]any{"epoch": e.Epoch, "top1": e.Top1, "top5": e.Top5, "loss": e.Loss, "loss_smoothed": e.LossSmoothed,
			"images": e.Images, "seconds": e.Seconds, "best": e.Best})
	}
}

func (r *reporter) epochEnded(e train.EpochEnded) {
	r.mindcv("mindcv.utils.callbacks", "Total time since last epoch: %.6f(train: %.6f, val: %.6f)s, ETA: %.6fs",
		e.Total.Seconds(), e.Train.Seconds(), e.Eval.Seconds(), e.Remaining.Seconds())
	r.mindcv("mindcv.utils.callbacks", "%s", strings.Repeat("-", 80))
	r.spark = append(r.spark, e.Loss)
	text := fmt.Sprintf("epoch %2d  loss %.4f", e.Epoch, e.Loss)
	if e.Validated {
		text += fmt.Sprintf("  top-1 %6.2f %%  top-5 %6.2f %%", e.Top1, e.Top5)
	}
	text += fmt.Sprintf("  %.0f img/s  input wait %.0f %%  %s", e.ImagesPerSec, 100*e.InputWait, term.Duration(e.Total))
	for _, g := range r.gauges {
		text += fmt.Sprintf("  %s %.4g %s", g.Name, g.Value, g.Unit)
	}
	if e.Validated && e.BestEpoch == e.Epoch {
		text += "  best"
	}
	r.say("%s", text)
}

func (r *reporter) json(v any) { _ = printJSON(r.in, v) } // a reader that went away does not end the run

func (r *reporter) started(e train.Started) {
	if !e.Guarded {
		r.warn("this device cannot skip a step whose loss or gradients are not finite: the run ends at the first such loss that is logged (--log_interval %d)",
			r.in.Options.LogInterval)
	}
	if e.FirstEpoch > 1 || e.FirstStep > 0 {
		r.mindcv("mindcv.train", "Resume training from %s, last step: %d, last epoch: %d", r.in.Options.CkptPath, e.FirstStep, e.FirstEpoch-1)
	} else {
		r.mindcv("mindcv.train", "Start training")
	}
}

// startedFrom says what of a checkpoint is used.
func (r *reporter) startedFrom(f *weights.File, fit weights.Fit, resumption train.Resumption) {
	var lines []string
	lines = append(lines, fmt.Sprintf("%s: %s", f.Path, f.Summary()))
	if fit.DroppedHead {
		lines = append(lines, fmt.Sprintf("its classifier of %d classes is left out, a new one is trained", f.Config.Classes))
	}
	if p := resumption.Position; p != nil {
		lines = append(lines, fmt.Sprintf("going on after epoch %d, step %d of %d", p.Epoch, p.Step, p.StepsPerEpoch))
	}
	for _, line := range lines {
		r.mindcv("mindcv.train", "%s", line)
		r.say("mnv2: %s", line)
	}
	if resumption.Reason != "" {
		r.warn("the run starts anew from the weights of %s: %s", f.Path, resumption.Reason)
	}
	if len(fit.Missing) > 0 {
		r.warn("%d parameters are not in the checkpoint and start fresh: %s", len(fit.Missing), weights.Names(fit.Missing))
	}
	if len(fit.Unused) > 0 {
		r.warn("%d tensors of the checkpoint are not used: %s", len(fit.Unused), weights.Names(fit.Unused))
	}
}

// configuration logs what MindCV calls the essential experiment configurations.
func (r *reporter) configuration(j *trainJob) {
	o := j.o
	_, all := j.arch.Count()
	val := 0
	if j.val != nil {
		val = j.val.Len()
	}
	rows := []string{
		"Essential Experiment Configurations:",
		"Device: " + strings.TrimSpace(j.device.Info().Device+" "+j.device.Info().Model),
		"Distributed mode: False",
		"Number of devices: 1",
		fmt.Sprintf("Number of training samples: %d", j.train.Len()),
		fmt.Sprintf("Number of validation samples: %d", val),
		fmt.Sprintf("Number of classes: %d", j.arch.Classes),
		fmt.Sprintf("Number of batches: %d", j.trainLoader.Steps()),
		fmt.Sprintf("Batch size: %d", o.BatchSize),
		"Auto augment: " + cmp.Or(o.AutoAugment, "None"),
		fmt.Sprintf("MixUp: %v", pythonFloat(o.Mixup)), fmt.Sprintf("CutMix: %v", pythonFloat(o.Cutmix)),
		"Model: " + o.Model,
		fmt.Sprintf("Model parameters: %d", all),
		fmt.Sprintf("Number of epochs: %d", o.EpochSize),
		"Optimizer: " + o.Opt,
		fmt.Sprintf("Learning rate: %g", o.LR),
		"LR Scheduler: " + o.Scheduler,
		fmt.Sprintf("Momentum: %g", o.Momentum),
		fmt.Sprintf("Weight decay: %g", o.WeightDecay),
		"Auto mixed precision: " + o.AmpLevel,
		fmt.Sprintf("Loss scale: %g(%s)", o.LossScale, o.LossScaleType),
	}
	r.mindcv("mindcv.train", "%s", strings.Join(rows, "\n"))
	r.say("training %s (%d values) on %s: %d images of %d classes, %d epochs of %d steps",
		o.Model, all, describe(o, o.TrainSplit), j.train.Len(), j.arch.Classes, o.EpochSize, j.trainLoader.Steps())
}

// finished says how the run went and what to try next.
func (r *reporter) finished(j *trainJob, result train.Result, page string) {
	r.mindcv("mindcv.train", "Finish training!")
	if result.BestEpoch > 0 {
		r.mindcv("mindcv.train", "The best validation Top_1_Accuracy is: %.4f%% at epoch %d.", result.BestTop1, result.BestEpoch)
	}
	r.mindcv("mindcv.train", "%s", strings.Repeat("=", 80))
	if r.bad > 0 {
		r.warn("%d images could not be read", r.bad)
	}
	if len(r.spark) > 1 {
		r.say("loss %s", term.Sparkline(r.spark, 40))
	}
	if result.BestEpoch > 0 {
		r.say("best top-1 %.2f %% at epoch %d: %s", result.BestTop1, result.BestEpoch, train.BestPath(j.o.CkptSaveDir, j.o.Model))
	}
	if page != "" {
		r.say("report: %s", page)
	}
	if !r.in.JSON && !r.in.Options.Quiet {
		fmt.Fprintln(r.screen, "next: "+nextCommand(j))
	}
}

// nextCommand is what to try after training: validation, with the flags that the run needs.
func nextCommand(j *trainJob) string {
	line := self() + " validate"
	if j.o.CkptSaveDir != "./ckpt" {
		line += " --ckpt_save_dir " + j.o.CkptSaveDir
	}
	if j.in.Base == "" {
		if d := j.o.Dataset; d != "imagenet" && d != "" {
			line += " --dataset " + d
		}
		line += " --data_dir " + j.o.DataDir
		if j.o.ValSplit != "val" {
			line += " --val_split " + j.o.ValSplit
		}
		if j.o.ClassIndex != "" {
			line += " --class_index " + j.o.ClassIndex
		}
		if j.o.ValShare > 0 {
			line += fmt.Sprintf(" --val_share %g", j.o.ValShare)
		}
	}
	return line + ", or " + self() + " predict IMAGE"
}

// self is the program as the user called it.
func self() string {
	if name := os.Args[0]; strings.ContainsRune(name, os.PathSeparator) && filepath.Base(name) == "mnv2" {
		return name
	}
	return "mnv2"
}

// pythonFloat spells v as Python does: 0.0, 0.2.
func pythonFloat(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.ContainsRune(s, '.') {
		s += ".0"
	}
	return s
}
