package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// CheckExamples reports every example of the help that the program would refuse: an unknown option, a value that
// does not fit or is not built. Commands are not run and files, other than those of --config, not opened.
func (a App) CheckExamples() error {
	dry := a
	dry.Commands = slices.Clone(a.Commands)
	for i := range dry.Commands {
		dry.Commands[i].Run = func(context.Context, Invocation) error { return nil }
	}
	if dry.Getenv == nil {
		dry.Getenv = func(string) string { return "" }
	}
	var errs []error
	for _, c := range dry.Commands {
		for _, example := range c.Examples {
			if err := dry.checkExample(example); err != nil {
				errs = append(errs, fmt.Errorf("example %q: %w", example, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (a App) checkExample(example string) error {
	words := strings.Fields(example)
	if len(words) < 2 || words[0] != "mnv2" {
		return errors.New("is not a call of mnv2")
	}
	line, err := Normalise(a, words[1:])
	if err != nil {
		return err
	}
	return a.dispatch(context.Background(), line, io.Discard, io.Discard)
}
