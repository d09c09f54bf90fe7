package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"mnv2/internal/cli"
	"mnv2/internal/term"
	"mnv2/report"
	"mnv2/train"
)

// findLR sweeps the learning rate and suggests one.
func (j *trainJob) findLR(ctx context.Context, o train.Options) error {
	sweep := train.Sweep{From: j.o.FindLRRange[0], To: j.o.FindLRRange[1], Steps: j.o.TrialSteps}
	curve, err := train.FindLR(ctx, o, j.inputs(), sweep)
	if err != nil {
		return err
	}
	if j.in.JSON {
		err = printJSON(j.in, curveJSON(curve))
	} else {
		err = printCurve(j.report.results(), curve)
	}
	if err = errors.Join(err, j.saveChart(sweepFigure(curve))); err != nil {
		return err
	}
	if curve.Suggest == 0 {
		return &cli.ExitError{Code: cli.Failed, Err: fmt.Errorf("--find_lr: the loss falls by %.1f %% only, too little to suggest a learning rate", 100*curve.Fell),
			Hint: fmt.Sprintf("try more --trial_steps (%d), or another --find_lr_range; --overfit_batch shows whether anything is learnt at all", 3*j.o.TrialSteps)}
	}
	return nil
}

// curveJSON is the sweep as one object.
func curveJSON(c train.LRCurve) any {
	type point struct {
		LR       float64 `json:"lr"`
		Loss     float64 `json:"loss"`
		Smoothed float64 `json:"smoothed"`
	}
	points := make([]point, len(c.Points))
	for i, p := range c.Points {
		points[i] = point(p)
	}
	out := map[string]any{"points": points, "diverged": c.Diverged, "lowest_at": c.Lowest.LR, "fell": c.Fell}
	if c.Suggest > 0 {
		out["suggestion"] = twoDigits(c.Suggest)
	}
	return out
}

// printCurve draws the smoothed loss over the learning rate and says what follows from it.
func printCurve(w io.Writer, c train.LRCurve) error {
	values, left, right := make([]float64, len(c.Points)), "", ""
	for i, p := range c.Points {
		values[i] = p.Smoothed
	}
	if n := len(c.Points); n > 0 {
		left, right = shortNumber(c.Points[0].LR), shortNumber(c.Points[n-1].LR)
	}
	var b strings.Builder
	b.WriteString("smoothed loss over the learning rate, which grows by the same factor from step to step\n")
	b.WriteString(plot(values, left, right))
	if c.Diverged {
		fmt.Fprintf(&b, "the loss explodes at %s\n", right)
	}
	if c.Suggest > 0 {
		fmt.Fprintf(&b, "the loss falls fastest at %s and is lowest at %s\n", shortNumber(c.Suggest), shortNumber(c.Lowest.LR))
		fmt.Fprintf(&b, "suggestion: --lr %s\n", shortNumber(twoDigits(c.Suggest)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// The size of a plot on the terminal, in characters.
const plotWidth, plotHeight = 64, 8

// plot draws values over an axis that goes from left to right, with the highest and the lowest value beside it.
func plot(values []float64, left, right string) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	var b strings.Builder
	for i, line := range term.Plot(values, plotWidth, plotHeight) {
		label := ""
		switch i {
		case 0:
			label = shortNumber(high)
		case plotHeight - 1:
			label = shortNumber(low)
		}
		fmt.Fprintf(&b, "%9s ┤%s\n", label, line)
	}
	gap := max(1, plotWidth-len(left)-len(right))
	fmt.Fprintf(&b, "%9s  %s%s%s\n", "", left, strings.Repeat(" ", gap), right)
	return b.String()
}

// sweepFigure is the chart of a sweep.
func sweepFigure(c train.LRCurve) report.Figure {
	raw := report.Curve{Name: "each step", Pale: true}
	smooth := report.Curve{Name: "smoothed"}
	for _, p := range c.Points {
		raw.X, raw.Y = append(raw.X, p.LR), append(raw.Y, p.Loss)
		smooth.X, smooth.Y = append(smooth.X, p.LR), append(smooth.Y, p.Smoothed)
	}
	f := report.Figure{Title: "Learning-rate finder: loss", X: "learning rate", Log: true, LogX: true, Curves: []report.Curve{raw, smooth}}
	if c.Suggest > 0 {
		at := report.Curve{Name: "suggestion " + shortNumber(twoDigits(c.Suggest)), Hue: 1, Dots: true}
		for _, p := range c.Points {
			if p.LR == c.Suggest {
				at.X, at.Y = append(at.X, p.LR), append(at.Y, p.Smoothed)
			}
		}
		f.Curves = append(f.Curves, at)
	}
	return f
}

// shortNumber spells v with three digits at most: 0.0123, 1.2e-05.
func shortNumber(v float64) string {
	return strconv.FormatFloat(rounded(v, 3), 'g', -1, 64)
}

// twoDigits rounds v to two digits.
func twoDigits(v float64) float64 { return rounded(v, 2) }

func rounded(v float64, digits int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64)
	if err != nil {
		return v // what was formatted reads back; NaN and infinity do too
	}
	return r
}
