package devicecheck

import (
	"fmt"
	"math"
	"time"
)

// State is how a case ended.
type State string

// The states, from good to bad.
const (
	OK          State = "ok"
	Answered    State = "answered"    // a question, as what stands in for the device assumes it
	Differs     State = "differs"     // a question, otherwise than assumed; nothing is broken
	Unsupported State = "unsupported" // the device does not have it
	Wrong       State = "wrong"       // numbers outside of what rounding explains
	Failed      State = "failed"
	Crashed     State = "crashed"
	Hung        State = "hung"
)

// States lists them in the order of the summary.
var States = []State{OK, Answered, Differs, Unsupported, Wrong, Failed, Crashed, Hung}

// IsBad reports whether somebody has to look at it.
func (s State) IsBad() bool { return s == Wrong || s == Failed || s == Crashed || s == Hung }

// Outcome is what became of one case.
type Outcome struct {
	Case    string         `json:"case"`
	State   State          `json:"state"`
	Text    string         `json:"text,omitempty"` // the reason, or the answer
	Data    map[string]any `json:"data,omitempty"` // what was measured
	Seconds float64        `json:"seconds"`
}

// StepResult is what became of one step.
type StepResult struct {
	Name     string    `json:"step"`
	Title    string    `json:"title"`
	Outcomes []Outcome `json:"outcomes"`
	Attempts int       `json:"attempts"` // processes that it took
	Error    string    `json:"error,omitempty"`
	Seconds  float64   `json:"seconds"`
}

// Count returns how many cases ended so.
func (r *StepResult) Count(s State) int {
	n := 0
	for _, o := range r.Outcomes {
		if o.State == s {
			n++
		}
	}
	return n
}

// IsBad reports whether the step failed as a whole or any of its cases is bad.
func (r *StepResult) IsBad() bool {
	for _, o := range r.Outcomes {
		if o.State.IsBad() {
			return true
		}
	}
	return r.Error != ""
}

// Report is what a check found.
type Report struct {
	Device  string        `json:"device"`
	Version string        `json:"version"` // of this program
	Machine string        `json:"machine"` // system and architecture
	Began   time.Time     `json:"began"`
	Seconds float64       `json:"seconds"`
	Quick   bool          `json:"quick"`
	Steps   []*StepResult `json:"steps"`

	NoDevice bool `json:"no_device"` // the first step found none
}

// Bad returns how many cases are bad, and how many steps failed as a whole.
func (r *Report) Bad() (n int) {
	for _, s := range r.Steps {
		if s.Error != "" {
			n++
		}
		for _, o := range s.Outcomes {
			if o.State.IsBad() {
				n++
			}
		}
	}
	return n
}

// IsBad reports whether any step is.
func (r *Report) IsBad() bool {
	for _, s := range r.Steps {
		if s.IsBad() {
			return true
		}
	}
	return false
}

// plain returns v, or the name of a number that JSON cannot hold.
func plain(v any) any {
	f, ok := v.(float64)
	if ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return fmt.Sprint(f)
	}
	return v
}
