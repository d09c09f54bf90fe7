package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"mnv2/data/inspect"
	"mnv2/internal/cli"
	"mnv2/internal/term"
)

// dataCommand looks after folders of pictures: check DIR.
func dataCommand(ctx context.Context, in cli.Invocation) error {
	if in.Args[0] != "check" {
		return &cli.ExitError{Code: cli.Usage, Err: fmt.Errorf("data %q: want check", in.Args[0]), Hint: "mnv2 data check DIR"}
	}
	screen := openScreen(in)
	start := time.Now()
	progress := func(done, total int) {
		if screen.Terminal() && !in.JSON && !in.Options.Quiet {
			elapsed := time.Since(start)
			_ = screen.Progress(fmt.Sprintf("check %d/%d files  %.0f files/s  ETA %s", done, total, float64(done)/elapsed.Seconds(),
				term.Duration(term.Remaining(int64(done), int64(total), elapsed))))
		}
	}
	report, err := inspect.Folder(ctx, in.Args[1], inspect.Options{Workers: runtime.GOMAXPROCS(0), Progress: progress})
	if err = errors.Join(err, screen.Clear()); err != nil {
		return &cli.ExitError{Code: cli.BadData, Err: err}
	}
	return printInspection(in, report)
}

// printInspection prints a line for each finding and one for all; findings make the command fail.
func printInspection(in cli.Invocation, report inspect.Report) error {
	counts := map[inspect.Kind]int{}
	for _, f := range report.Findings {
		counts[f.Kind]++
		if in.JSON {
			if err := printJSON(in, f); err != nil {
				return err
			}
		} else {
			fmt.Fprintf(in.Stdout, "%-9s  %v\n", f.Kind, f)
		}
	}
	if in.JSON {
		if err := printJSON(in, map[string]any{"files": report.Files, "pictures": report.Pictures, "findings": len(report.Findings)}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(in.Stdout, "%d files: %d damaged, %d in two classes, %d in two splits, %d misnamed, %d duplicates\n", report.Files,
			counts[inspect.Damaged], counts[inspect.Conflict], counts[inspect.Leak], counts[inspect.Misnamed], counts[inspect.Duplicate])
	}
	if len(report.Findings) > 0 {
		return &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("%d of %d files want a look", len(report.Findings), report.Files)}
	}
	return nil
}
