package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"mnv2/internal/cli"
	"mnv2/report"
)

// reportCommand draws the page of one run again, or one page about several.
func reportCommand(_ context.Context, in cli.Invocation) error {
	var path string
	var err error
	if len(in.Args) == 1 {
		path, err = report.Page(in.Args[0])
	} else {
		path = in.Options.Out
		err = report.Compare(path, in.Args)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &cli.ExitError{Code: cli.BadData, Err: err, Hint: "name the folder of a run, the --ckpt_save_dir of mnv2 train"}
	}
	if err != nil {
		return err
	}
	if in.JSON {
		return printJSON(in, map[string]string{"report": path})
	}
	_, err = fmt.Fprintln(in.Stdout, path)
	return err
}
