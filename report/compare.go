package report

import (
	"fmt"
	"slices"
	"time"
)

// compared are the charts of several runs, one colour each.
func compared(runs []folder) []Figure {
	loss := Figure{Title: "Training loss, smoothed", X: "step", Log: true}
	accuracy := Figure{Title: "Validation top-1", X: "epoch", Unit: "%"}
	speed := Figure{Title: "Speed", X: "step", Unit: "img/s", Zero: true}
	for i, r := range runs {
		c := r.History.steps(r.Run.Name, i, func(s Step) float64 { return s.Loss })
		c.Y = smoothed(c.Y, smoothing)
		top1 := r.History.accuracy(func(e Epoch) float64 { return e.Top1 })
		top1.Name, top1.Hue = r.Run.Name, i
		loss.Curves, accuracy.Curves = append(loss.Curves, c), append(accuracy.Curves, top1)
		speed.Curves = append(speed.Curves, r.History.steps(r.Run.Name, i, func(s Step) float64 { return s.ImagesPerSec }))
	}
	return []Figure{loss, accuracy, speed}
}

// sideBySide is a table: results first, then the options in which the runs differ.
func sideBySide(runs []folder) [][]string {
	rows := [][]string{{""}, {"best top-1"}, {"at epoch"}, {"epochs"}, {"time in training"}, {"model"}, {"data"}, {"device"}}
	for _, r := range runs {
		top1, at := "–", "–"
		if best := r.History.best(); best != nil {
			top1, at = fmt.Sprintf("%.2f %%", best.Top1), fmt.Sprint(best.Epoch)
		}
		for i, text := range []string{r.Run.Name, top1, at, fmt.Sprintf("%d of %d", len(r.History.Epochs), r.Run.Epochs),
			r.History.trainTime().Round(time.Second).String(), r.Run.Model, r.Run.Data, r.Run.Device} {
			rows[i] = append(rows[i], text)
		}
	}
	return append(rows, differingOptions(runs)...)
}

func differingOptions(runs []folder) [][]string {
	var names []string
	values := map[string]map[int]string{}
	for i, r := range runs {
		for _, o := range r.Run.Options {
			if values[o.Name] == nil {
				values[o.Name] = map[int]string{}
				names = append(names, o.Name)
			}
			values[o.Name][i] = o.Value
		}
	}
	var rows [][]string
	for _, name := range names {
		row := []string{name}
		for i := range runs {
			row = append(row, values[name][i])
		}
		if len(slices.Compact(slices.Clone(row[1:]))) > 1 {
			rows = append(rows, row)
		}
	}
	return rows
}
