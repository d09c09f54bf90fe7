package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mnv2/data"
	"mnv2/internal/cli"
	"mnv2/internal/diskspace"
	"mnv2/internal/options"
	"mnv2/report"
	"mnv2/train"
)

// dryRun says what the run would do and take. It reads a batch of each split, so that pictures that cannot be read are met now.
func (j *trainJob) dryRun(ctx context.Context, o train.Options) error {
	for _, loader := range []*data.Loader{j.trainLoader, j.valLoader} {
		if err := readOne(ctx, loader); err != nil {
			return err
		}
	}
	in := j.inputs()
	plan, err := train.MakePlan(o, in)
	if err != nil {
		return err
	}
	if j.in.JSON {
		err = printJSON(j.in, j.planJSON(plan))
	} else {
		err = j.printPlan(j.report.results(), plan)
	}
	return errors.Join(err, j.saveChart(scheduleFigure(plan)))
}

// readOne reads the first batch of a loader, if there is one.
func readOne(ctx context.Context, loader *data.Loader) error {
	if loader == nil {
		return nil
	}
	it := loader.Epoch(ctx, 0, 0)
	defer it.Close()
	batch, err := it.Next()
	if err != nil {
		return &cli.ExitError{Code: cli.BadData, Err: err, Hint: "mnv2 data check DIR finds all pictures that cannot be read"}
	}
	it.Release(batch)
	return nil
}

// checkFolder finds out whether the run's folder can be made and written to. What it makes it removes.
func (j *trainJob) checkFolder() error {
	dir := existing(j.o.CkptSaveDir)
	f, err := os.CreateTemp(dir, ".mnv2-*")
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		return fmt.Errorf("--ckpt_save_dir %q: %q cannot be written to: %w", j.o.CkptSaveDir, dir, plain(err))
	}
	return nil
}

// existing is the innermost part of path that is there.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || filepath.Dir(path) == path {
			return path
		}
		path = filepath.Dir(path)
	}
}

// planLine is a line of the plan: what it is about, and the text.
type planLine struct{ about, text string }

func (j *trainJob) printPlan(w io.Writer, plan train.Plan) error {
	lines := slices.Concat(j.planNetwork(), j.planData(plan), j.planMachine(plan), j.planOptions())
	var b strings.Builder
	about := ""
	for _, l := range lines {
		if l.about == about {
			l.about = ""
		} else {
			about = l.about
		}
		fmt.Fprintf(&b, "%-12s %s\n", l.about, l.text)
	}
	b.WriteString("\nlearning rate over the steps\n")
	b.WriteString(plot(plan.Rates, "1", fmt.Sprint(len(plan.Rates))))
	b.WriteString("dry run: nothing was trained or written\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (j *trainJob) planNetwork() []planLine {
	trained, all := j.arch.Count()
	lines := []planLine{{"network", fmt.Sprintf("%s, %d classes, %d values (%d trained), %.1f million multiply-adds an image of %d pixels",
		j.o.Model, j.arch.Classes, all, trained, float64(j.arch.MACs(j.o.ImageResize))/1e6, j.o.ImageResize)}}
	start := "random numbers of seed " + fmt.Sprint(j.o.Seed)
	if f := j.weights; f != nil {
		start = fmt.Sprintf("%s (%s)", f.Path, f.Summary())
	}
	if j.newHead {
		start += ", with a new classifier"
	}
	if p := j.resumption.Position; p != nil {
		start += fmt.Sprintf(", going on after epoch %d, step %d of %d", p.Epoch, p.Step, p.StepsPerEpoch)
	}
	return append(lines, planLine{"starts from", start})
}

func (j *trainJob) planData(plan train.Plan) []planLine {
	lines := []planLine{{"training", describe(j.o, j.o.TrainSplit) + ": " + counts(j.train)}}
	if j.val != nil {
		lines = append(lines, planLine{"validation", describe(j.o, j.o.ValSplit) + ": " + counts(j.val)})
	} else {
		lines = append(lines, planLine{"validation", "none; --val_while_train validates after every epoch"})
	}
	steps := fmt.Sprintf("%d epochs of %d steps of %d images, %d steps in all", plan.Epochs, plan.StepsPerEpoch, j.o.BatchSize, plan.Epochs*plan.StepsPerEpoch)
	if left := j.train.Len() - plan.StepsPerEpoch*j.o.BatchSize; left > 0 {
		steps += fmt.Sprintf("; each epoch leaves out %d images, others each time (--drop_remainder)", left)
	}
	return append(lines, planLine{"steps", steps})
}

// counts says how many images a set has, and how evenly they are spread over its classes.
func counts(set data.Dataset) string {
	names := set.Classes()
	of := make([]int, len(names))
	for i := range set.Len() {
		of[set.Label(i)]++
	}
	text := fmt.Sprintf("%d images of %d classes", set.Len(), len(names))
	least, most := slices.Index(of, slices.Min(of)), slices.Index(of, slices.Max(of))
	if of[least] == of[most] {
		return fmt.Sprintf("%s, %d of each", text, of[least])
	}
	return fmt.Sprintf("%s, %d (%s) to %d (%s) of each", text, of[least], names[least], of[most], names[most])
}

func (j *trainJob) planMachine(plan train.Plan) []planLine {
	info := j.device.Info()
	var parts []string
	total := int64(0)
	for _, m := range plan.Memory {
		parts = append(parts, m.Use+" "+mebibytes(m.Bytes))
		total += m.Bytes
	}
	lines := []planLine{{"device", strings.TrimSpace(info.Device + " " + info.Model)},
		{"memory", fmt.Sprintf("%s on the device: %s", mebibytes(total), strings.Join(parts, ", "))}}
	files := fmt.Sprintf("%s: checkpoints of about %s each", j.o.CkptSaveDir, mebibytes(checkpointBytes(j)))
	if n := j.o.KeepCheckpointMax; n > 0 {
		files += fmt.Sprintf(", %d at most and the best", n)
	}
	if free, known := diskspace.Free(existing(j.o.CkptSaveDir)); known {
		files += fmt.Sprintf("; %s are free", mebibytes(free))
	}
	return append(lines, planLine{"files", files},
		planLine{"files", fmt.Sprintf("%s.yaml, rank0.log, result.log, run.json, report.html, TensorBoard's events", j.o.Model)})
}

// planOptions lists the options that are not at their default, by where they come from.
func (j *trainJob) planOptions() []planLine {
	var lines []planLine
	for _, source := range []options.Source{options.FromFlag, options.FromFile, options.FromRecipe} {
		var words []string
		for _, v := range options.Values(j.o) {
			if j.o.Source(v.Name) == source && v.Changed {
				words = append(words, v.Name+" "+v.Text)
			}
		}
		for i, line := range wrap(words, 100) {
			about := "options"
			if i == 0 {
				line = source.String() + ": " + line
			}
			lines = append(lines, planLine{about, line})
		}
	}
	if lines == nil {
		lines = []planLine{{"options", "all at their defaults"}}
	}
	return lines
}

// wrap joins words with commas into lines of about width characters.
func wrap(words []string, width int) (lines []string) {
	line := ""
	for _, w := range words {
		if line != "" && len(line)+len(w) > width {
			lines, line = append(lines, line+","), ""
		}
		if line != "" {
			line += ", "
		}
		line += w
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// planJSON is the plan as one object. The learning rate comes as at most 101 steps.
func (j *trainJob) planJSON(plan train.Plan) any {
	trained, all := j.arch.Count()
	memory := map[string]int64{}
	for _, m := range plan.Memory {
		memory[m.Use] = m.Bytes
	}
	changed := map[string]string{}
	for _, v := range options.Values(j.o) {
		if v.Changed {
			changed[v.Name] = v.Text
		}
	}
	out := map[string]any{"model": j.o.Model, "classes": j.arch.Classes, "parameters": all, "trained_parameters": trained,
		"macs": j.arch.MACs(j.o.ImageResize), "train_images": j.train.Len(), "epochs": plan.Epochs, "steps_per_epoch": plan.StepsPerEpoch,
		"device": j.device.Info().Device, "memory_bytes": memory, "checkpoint_bytes": checkpointBytes(j), "options": changed, "lr": thinned(plan.Rates)}
	if j.val != nil {
		out["val_images"] = j.val.Len()
	}
	return out
}

// thinned picks about a hundred steps, the first and the last among them.
func thinned(rates []float64) (list []map[string]any) {
	const most = 101
	n := min(len(rates), most)
	for i := range n {
		at := i * (len(rates) - 1) / max(1, n-1)
		list = append(list, map[string]any{"step": at + 1, "lr": rates[at]})
	}
	return list
}

// scheduleFigure is the chart of the learning rate.
func scheduleFigure(plan train.Plan) report.Figure {
	c := report.Curve{Name: "learning rate", Y: plan.Rates, X: make([]float64, len(plan.Rates))}
	for i := range c.X {
		c.X[i] = float64(i) / float64(plan.StepsPerEpoch)
	}
	return report.Figure{Title: "Schedule", X: "epoch", Zero: true, Curves: []report.Curve{c}}
}
