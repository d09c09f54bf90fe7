package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"mnv2/internal/atomicfile"
	"mnv2/internal/cli"
	"mnv2/internal/options"
	"mnv2/report"
	"mnv2/train"
)

// isTrial reports whether the options ask for something to be found out in place of a run.
func (j *trainJob) isTrial() bool {
	return j.o.DryRun || j.o.FindLR || j.o.OverfitBatch || j.o.Profile > 0
}

// trial puts the run together as for training, with no folder, and finds out what the options ask for.
func (j *trainJob) trial(ctx context.Context) (err error) {
	j.report = reporterTo(j.in, noLog{io.Discard})
	j.report.isTrial = true
	defer func() { err = errors.Join(err, j.close()) }()
	if j.o.OverfitBatch {
		j.simplify()
	}
	j.o.EMA = j.o.EMA && j.o.DryRun // nobody looks at averages
	steps := []func() error{j.openData, j.openWeights, j.chooseNetwork, j.openLoaders, j.start}
	if j.o.DryRun {
		steps = []func() error{j.openData, j.openWeights, j.chooseNetwork, j.checkFolder, j.checkSpace, j.openLoaders, j.start}
	}
	for _, prepare := range steps {
		if err := prepare(); err != nil {
			return err
		}
	}
	runOptions, err := j.runOptions()
	if err != nil {
		return err
	}
	switch {
	case j.o.FindLR:
		return j.findLR(ctx, runOptions)
	case j.o.OverfitBatch:
		return j.overfit(ctx, runOptions)
	case j.o.Profile > 0 && !j.o.DryRun:
		return j.profile(ctx, runOptions)
	}
	return j.dryRun(ctx, runOptions)
}

// noLog is a log that nobody keeps.
type noLog struct{ io.Writer }

// Close does nothing.
func (noLog) Close() error { return nil }

// simplify leaves out what keeps the loss of a batch from falling to its floor.
func (j *trainJob) simplify() {
	o := j.o
	o.DropRate, o.DropPathRate, o.WeightDecay = 0, options.Maybe[float64]{}, 0
	o.Mixup, o.Cutmix, o.LabelSmoothing = 0, 0, 0
	o.ValWhileTrain = false
}

// overfit trains on one batch and says whether that worked.
func (j *trainJob) overfit(ctx context.Context, o train.Options) error {
	result, err := train.OverfitBatch(ctx, o, j.inputs(), j.o.TrialSteps)
	if err != nil {
		return err
	}
	if j.in.JSON {
		err = printJSON(j.in, map[string]any{"passed": result.Passed, "first_loss": result.First, "last_loss": result.Last,
			"floor": result.Floor, "steps": result.Steps, "images": result.Images})
	} else {
		verdict := map[bool]string{true: "pass", false: "fail"}[result.Passed]
		_, err = fmt.Fprintf(j.report.results(), "%s: one batch of %d images, loss %.4f -> %.4f in %d steps\n",
			verdict, result.Images, result.First, result.Last, result.Steps)
	}
	if err != nil || result.Passed {
		return err
	}
	return &cli.ExitError{Code: cli.Failed, Err: fmt.Errorf("--overfit_batch: the loss did not come near %.4f in %d steps", result.Floor, result.Steps),
		Hint: "try another --lr (mnv2 train --find_lr suggests one) or more --trial_steps; if that does not help, look at the pictures and labels"}
}

// saveChart draws figures to the file that --chart names, if it names one.
func (j *trainJob) saveChart(figures ...report.Figure) error {
	path := j.o.Chart
	if path == "" {
		return nil
	}
	if err := atomicfile.Write(path, 0o644, func(w io.Writer) error { return report.PNG(w, figures) }); err != nil {
		return fmt.Errorf("--chart: %w", err)
	}
	j.report.note("chart: %s", path)
	return nil
}

// results is where results go, with the progress line out of their way.
func (r *reporter) results() io.Writer {
	_ = r.screen.Clear() // a screen that went away does not keep the results from their reader
	return r.in.Stdout
}

// note prints a line that is no result.
func (r *reporter) note(format string, args ...any) {
	if !r.in.JSON && !r.in.Options.Quiet {
		fmt.Fprintf(r.screen, format+"\n", args...)
	}
}
