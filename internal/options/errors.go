package options

import "strings"

// UsageError is wrong input from the person at the command line: an unknown option, a value that does not fit, a YAML
// file that cannot be used. It ends the program with exit status 2.
type UsageError struct {
	Problems []string // one line each, never empty
	Hint     string   // what to try, or ""
	Cause    error    // what the system said, or nil
}

// Error joins the problems with "; ".
func (e *UsageError) Error() string { return strings.Join(e.Problems, "; ") }

// Lines returns the problems, one each.
func (e *UsageError) Lines() []string { return e.Problems }

// HintText returns what to try, or "".
func (e *UsageError) HintText() string { return e.Hint }

// ExitCode is 2: usage.
func (e *UsageError) ExitCode() int { return 2 }

// Unwrap returns the cause.
func (e *UsageError) Unwrap() error { return e.Cause }

// Notice is something worth knowing that is not an error.
type Notice struct {
	Option  string // the option it is about, or ""
	Warning bool   // probably not what was meant
	Text    string
}
