package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"

	"mnv2/data/decode"
	"mnv2/internal/cli"
)

func versionCommand(_ context.Context, in cli.Invocation) error {
	jpeg, err := decode.JPEG()
	if err != nil {
		return &cli.ExitError{Code: cli.Usage, Err: err}
	}
	if in.JSON {
		return printJSON(in, map[string]string{"version": version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH, "jpeg": jpeg})
	}
	_, err = fmt.Fprintf(in.Stdout, "mnv2 %s (%s, %s/%s)\nJPEG decoder: %s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, jpeg)
	return err
}

// printJSON writes v as one line to standard output.
func printJSON(in cli.Invocation, v any) error {
	enc := json.NewEncoder(in.Stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
