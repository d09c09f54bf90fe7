package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"

	"mnv2/internal/cli"
)

func versionCommand(_ context.Context, in cli.Invocation) error {
	if in.JSON {
		return printJSON(in, map[string]string{"version": version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH})
	}
	_, err := fmt.Fprintf(in.Stdout, "mnv2 %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// printJSON writes v as one line to standard output.
func printJSON(in cli.Invocation, v any) error {
	enc := json.NewEncoder(in.Stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
