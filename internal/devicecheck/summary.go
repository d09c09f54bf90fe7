package devicecheck

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// counts says in a few words how the cases of a step ended.
func (r *StepResult) counts() string {
	var parts []string
	for _, s := range States {
		if n := r.Count(s); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if r.Error != "" {
		parts = append(parts, r.Error)
	}
	return strings.Join(parts, ", ")
}

// WriteText writes the page for people: what ended how, everything that is bad, the answers, and what was measured.
func (r *Report) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "mnv2 %s: check of %s on %s, %s, %.0f s", r.Version, r.Device, r.Machine, r.Began.UTC().Format("2006-01-02 15:04 UTC"), r.Seconds)
	if r.Quick {
		fmt.Fprint(b, ", quick")
	}
	fmt.Fprint(b, "\n\n")
	if err := r.writeTable(b); err != nil {
		return err
	}
	r.writeBad(b)
	r.writeAnswers(b)
	for _, s := range r.Steps {
		s.writeMeasured(b)
	}
	return b.Flush()
}

// writeTable writes a line for each step.
func (r *Report) writeTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "step\tcases\t")
	for _, s := range States {
		fmt.Fprintf(t, "%s\t", s)
	}
	fmt.Fprint(t, "seconds\t\n")
	for _, s := range r.Steps {
		fmt.Fprintf(t, "%s\t%d\t", s.Name, len(s.Outcomes))
		for _, state := range States {
			if n := s.Count(state); n > 0 {
				fmt.Fprintf(t, "%d\t", n)
			} else {
				fmt.Fprint(t, ".\t")
			}
		}
		fmt.Fprintf(t, "%.1f\t\n", s.Seconds)
	}
	return t.Flush()
}

// mostBad is how many bad cases of a step are on the page.
const mostBad = 25

// writeBad lists what somebody has to look at.
func (r *Report) writeBad(w io.Writer) {
	if !r.IsBad() {
		fmt.Fprint(w, "\nNothing is wrong.\n")
		return
	}
	fmt.Fprint(w, "\nWhat is wrong:\n")
	for _, s := range r.Steps {
		if s.Error != "" {
			fmt.Fprintf(w, "  %s: %s\n", s.Name, firstLine(s.Error))
		}
		n := 0
		for _, o := range s.Outcomes {
			if !o.State.IsBad() {
				continue
			}
			if n++; n <= mostBad {
				fmt.Fprintf(w, "  %s: %s: %s: %s\n", s.Name, firstLine(o.Case), o.State, firstLine(o.Text))
			}
		}
		if n > mostBad {
			fmt.Fprintf(w, "  %s: ... and %d more in the step's file\n", s.Name, n-mostBad)
		}
	}
}

// writeAnswers lists the questions that had an answer.
func (r *Report) writeAnswers(w io.Writer) {
	for _, s := range r.Steps {
		if s.Count(Answered)+s.Count(Differs) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s:\n", s.Title)
		for _, o := range s.Outcomes {
			if o.State != Answered && o.State != Differs {
				continue
			}
			fmt.Fprintf(w, "  %s\n    found:   %s\n", o.Case, firstLine(o.Text))
			if assumed, ok := o.Data["assumed"]; ok {
				fmt.Fprintf(w, "    assumed: %v\n", assumed)
			}
			if o.State == Differs {
				fmt.Fprint(w, "    this differs\n")
			}
		}
	}
}

// The measurements that the page shows, in this order; everything else is in the files.
var shown = []string{"value", "images/s", "ms", "second ms", "GB/s", "error"}

// A step with more measured cases than mostShown has only its slowest ones on the page.
const mostShown, slowestShown = 30, 12

// writeMeasured lists the cases of a step that have one of the measurements.
func (r *StepResult) writeMeasured(w io.Writer) {
	var list []Outcome
	largest := 0.0
	for _, o := range r.Outcomes {
		if o.measured() != "" {
			list = append(list, o)
			largest = max(largest, number(o.Data["error"]))
		}
	}
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", r.Title)
	if largest > 0 {
		fmt.Fprintf(w, "  the largest error is %.2f of what rounding explains\n", largest)
	}
	if len(list) > mostShown {
		slices.SortStableFunc(list, func(a, b Outcome) int { return cmp.Compare(number(b.Data["ms"]), number(a.Data["ms"])) })
		list = list[:slowestShown]
		fmt.Fprint(w, "  the slowest:\n")
	}
	for _, o := range list {
		fmt.Fprintf(w, "  %s: %s\n", o.Case, o.measured())
		if lines, ok := o.Data["slowest"].([]any); ok {
			for _, v := range lines {
				fmt.Fprintf(w, "    %v\n", v)
			}
		}
	}
}

// measured returns the measurements for the page, or "".
func (o Outcome) measured() string {
	var parts []string
	for _, name := range shown {
		if v, ok := o.Data[name]; ok && o.State == OK {
			parts = append(parts, name+" "+short(v))
		}
	}
	return strings.Join(parts, ", ")
}

// number returns v if it is one, else 0.
func number(v any) float64 {
	f, _ := v.(float64)
	return f
}

// short prints numbers with four digits, everything else as it is.
func short(v any) string {
	if f, ok := v.(float64); ok {
		return fmt.Sprintf("%.4g", f)
	}
	return fmt.Sprint(v)
}

// firstLine returns the first line of a text, without the middle of a long one: names of networks are long, and what went wrong
// stands at the end.
func firstLine(text string) string {
	const head, end = 150, 250
	line, _, _ := strings.Cut(text, "\n")
	if len(line) <= head+end {
		return line
	}
	return strings.ToValidUTF8(line[:head], "") + " ... " + strings.ToValidUTF8(line[len(line)-end:], "")
}

// Find returns the result of a step, or nil.
func (r *Report) Find(step string) *StepResult {
	i := slices.IndexFunc(r.Steps, func(s *StepResult) bool { return s.Name == step })
	if i < 0 {
		return nil
	}
	return r.Steps[i]
}
