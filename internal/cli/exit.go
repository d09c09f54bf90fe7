package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Exit codes of the program.
const (
	Done        = 0
	Failed      = 1
	Usage       = 2
	NoDevice    = 3
	BadData     = 4
	Interrupted = 130
)

// exitCodes is the table from which help and documents are made.
var exitCodes = []struct {
	Code    int
	Meaning string
}{
	{Done, "done"},
	{Failed, "failed"},
	{Usage, "usage"},
	{NoDevice, "device unavailable"},
	{BadData, "bad data or checkpoint"},
	{Interrupted, "interrupted"},
}

// exitLine lists the codes in one sentence.
func exitLine() string {
	var parts []string
	for _, e := range exitCodes {
		parts = append(parts, fmt.Sprintf("%d %s", e.Code, e.Meaning))
	}
	return "Exit codes: " + strings.Join(parts, ", ") + "."
}

// Sentinel gives errors for which errors.Is(err, Err) holds an exit code.
type Sentinel struct {
	Err  error
	Code int
}

// ExitError gives an error an exit code and, optionally, a line that says what to try.
type ExitError struct {
	Code int
	Err  error
	Hint string
}

// Error is the text of the wrapped error.
func (e *ExitError) Error() string { return e.Err.Error() }

// Unwrap returns the wrapped error.
func (e *ExitError) Unwrap() error { return e.Err }

// ExitCode returns the code.
func (e *ExitError) ExitCode() int { return e.Code }

// HintText returns what to try, or "".
func (e *ExitError) HintText() string { return e.Hint }

// Status ends the program with a code and without a message, which has been printed already.
type Status int

// Error says the code; it is printed only by a caller that does not know Status.
func (s Status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// ExitCode returns the code.
func (s Status) ExitCode() int { return int(s) }

// Exit returns the exit code that err means: what an error in the chain with ExitCode() int says, else the first
// sentinel it is, else 130 for a cancelled context, 0 for nil and 1 for the rest.
func Exit(err error, sentinels ...Sentinel) int {
	if err == nil {
		return Done
	}
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	for _, s := range sentinels {
		if errors.Is(err, s.Err) {
			return s.Code
		}
	}
	if errors.Is(err, context.Canceled) {
		return Interrupted
	}
	return Failed
}
