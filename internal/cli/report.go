package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"mnv2/internal/options"
)

// report prints err: "mnv2: ..." for each problem, then indented what to try; or one JSON object. The program is
// ending, so a failing writer is not reported.
func report(w io.Writer, err error, code int, asJSON bool, help string) {
	var silent Status
	if errors.As(err, &silent) {
		return
	}
	hint := hintOf(err)
	if hint == "" {
		hint = help
	}
	if asJSON {
		printJSON(w, struct {
			Error string `json:"error"`
			Hint  string `json:"hint,omitempty"`
			Exit  int    `json:"exit"`
		}{err.Error(), hint, code})
		return
	}
	for _, line := range linesOf(err, code) {
		fmt.Fprintf(w, "mnv2: %s\n", strings.ReplaceAll(line, "\n", "\n  "))
	}
	if hint != "" {
		fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(hint, "\n", "\n  "))
	}
}

func hintOf(err error) string {
	var hinted interface{ HintText() string }
	if errors.As(err, &hinted) {
		return hinted.HintText()
	}
	return ""
}

func linesOf(err error, code int) []string {
	if usage := new(options.UsageError); errors.As(err, &usage) && usage.Error() == err.Error() {
		return usage.Lines()
	}
	if code == Interrupted && err.Error() == "context canceled" {
		return []string{"interrupted"}
	}
	return []string{err.Error()}
}

// notices prints what is worth knowing before the command runs. Quiet leaves the warnings.
func notices(w io.Writer, list []options.Notice, asJSON, quiet bool) {
	for _, n := range list {
		level := "note"
		if n.Warning {
			level = "warning"
		}
		switch {
		case quiet && !n.Warning:
		case asJSON:
			printJSON(w, map[string]string{"level": level, "message": n.Text})
		default:
			fmt.Fprintf(w, "mnv2: %s: %s\n", level, n.Text)
		}
	}
}

func printJSON(w io.Writer, v any) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the values are plain texts and numbers; a closed stderr leaves nobody to tell
}
