//go:build cgo && linux

package ascend

import (
	"context"
	"fmt"
	"time"

	"mnv2/csrc/acl"
	"mnv2/csrc/aclprobe"
	"mnv2/internal/devicecheck"
)

// Steps returns the steps for NPU number index. They load no library until they run.
func Steps(index int, quick bool) []devicecheck.Step {
	lab := func(f func(*lab, *devicecheck.Recorder)) func(context.Context, *devicecheck.Recorder) error {
		return func(_ context.Context, r *devicecheck.Recorder) error {
			return withLab(index, quick, func(l *lab) { f(l, r) })
		}
	}
	return []devicecheck.Step{
		{Name: "inventory", Title: "What is installed", Setup: 2 * time.Minute, Limit: 2 * time.Minute,
			Run: func(_ context.Context, r *devicecheck.Recorder) error { inventory(r, index); return nil }},
		{Name: "runtime", Title: "What the runtime costs", Setup: 2 * time.Minute, Limit: 2 * time.Minute, Run: lab(costs)},
		{Name: "questions", Title: "Questions that the documents leave open", Setup: 2 * time.Minute, Limit: 2 * time.Minute, Run: lab(ask)},
		{Name: "misuse", Title: "What misuse is answered with", Setup: 2 * time.Minute, Limit: time.Minute, Alone: true,
			Run: func(_ context.Context, r *devicecheck.Recorder) error { return misuse(r) }},
	}
}

// misuse runs every probe, each in a process of its own.
func misuse(r *devicecheck.Recorder) error {
	if _, err := acl.Load(); err != nil {
		return err
	}
	for _, p := range aclprobe.Probes() {
		r.Try(p.Name, func(c *devicecheck.Case) error {
			c.Set("about", p.About)
			answers, err := p.Run()
			if err != nil {
				return err
			}
			compare(c, answers)
			return nil
		})
	}
	return nil
}

// compare notes the answers of a probe, and the first that is not as the stand-in assumes.
func compare(c *devicecheck.Case, answers []aclprobe.Answer) {
	var all []string
	different := 0
	text := ""
	for _, a := range answers {
		line := fmt.Sprintf("%s: %s", a.Call, words(a.Got))
		if a.Got != a.Assumed {
			line += fmt.Sprintf(" (assumed %s)", words(a.Assumed))
			if different++; different == 1 {
				text = line
			}
		}
		all = append(all, line)
	}
	c.Set("answers", all)
	if different == 0 {
		c.End(devicecheck.Answered, "%d answers, all as assumed", len(answers))
		return
	}
	c.End(devicecheck.Differs, "%d of %d answers are others: %s", different, len(answers), text)
}

// words returns a code with its meaning.
func words(code int) string {
	if name := acl.CodeName(code); name != "" {
		return fmt.Sprintf("%d (%s)", code, name)
	}
	return fmt.Sprint(code)
}
