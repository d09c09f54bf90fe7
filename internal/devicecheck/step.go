package devicecheck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"mnv2/backend"
)

// Step is one part of a check.
type Step struct {
	Name  string
	Title string
	Setup time.Duration // until the first case begins, between two, and after the last
	Limit time.Duration // of one case
	Alone bool          // every case has a process of its own
	First bool          // if anything in it is bad, there is no device, and no step after it
	Run   func(ctx context.Context, r *Recorder) error
}

// Recorder takes down, in the child, what the cases of a step give.
type Recorder struct {
	out   io.Writer
	limit time.Duration
	alone bool
	done  map[string]bool // what earlier children tried
	tried int
	err   error // of telling the parent
}

// Case collects what one case gives.
type Case struct{ outcome Outcome }

// Set notes a measured value: a number, text, or a list or map of them.
func (c *Case) Set(name string, value any) {
	if c.outcome.Data == nil {
		c.outcome.Data = map[string]any{}
	}
	c.outcome.Data[name] = plain(value)
}

// Get returns a value that was noted, or nil.
func (c *Case) Get(name string) any { return c.outcome.Data[name] }

// End says how the case ended, with the reason or the answer. Without it the case is OK.
func (c *Case) End(s State, format string, args ...any) {
	c.outcome.State, c.outcome.Text = s, fmt.Sprintf(format, args...)
}

// Try runs a case, unless an earlier process has. Cases may lie within a case. An error makes it [Failed], or [Unsupported] if it says so. After the loss of
// the device the process ends, and another goes on.
func (r *Recorder) Try(name string, f func(c *Case) error) { r.TryWithin(r.limit, name, f) }

// TryWithin is Try with another limit.
func (r *Recorder) TryWithin(limit time.Duration, name string, f func(c *Case) error) {
	if r.done[name] {
		return
	}
	if r.alone && r.tried > 0 {
		r.handOver()
	}
	r.done[name] = true // also for this process
	r.tried++
	r.tell(event{Begin: &begin{name, limit.Seconds()}})
	c := &Case{Outcome{Case: name, State: OK}}
	start := time.Now()
	err := guarded(c, f)
	c.outcome.Seconds = time.Since(start).Seconds()
	switch {
	case errors.Is(err, backend.ErrUnsupported):
		c.End(Unsupported, "%v", err)
	case err != nil:
		c.End(Failed, "%v", err)
	}
	r.tell(event{End: &c.outcome})
	if errors.Is(err, backend.ErrDeviceLost) {
		r.handOver()
	}
}

// handOver ends this process so that another goes on. Nothing is closed: a broken device may not let itself be.
func (r *Recorder) handOver() {
	r.tell(event{More: true})
	os.Exit(0)
}

// tell writes an event and keeps the first error.
func (r *Recorder) tell(e event) {
	if err := e.write(r.out); err != nil && r.err == nil {
		r.err = err
	}
}

// guarded runs f and turns a panic of it into an error.
func guarded(c *Case, f func(c *Case) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f(c)
}

// Child runs the step called name of a list and tells the parent. in holds the names of the cases that earlier processes tried.
// It returns the exit status of the process.
func Child(ctx context.Context, steps []Step, name string, in io.Reader, out io.Writer) int {
	r := &Recorder{out: out, done: map[string]bool{}}
	end := event{Done: true}
	if err := r.run(ctx, steps, name, in); err != nil {
		end.Error = err.Error()
	}
	r.tell(end)
	if r.err != nil {
		return 1
	}
	return 0
}

func (r *Recorder) run(ctx context.Context, steps []Step, name string, in io.Reader) error {
	step, ok := find(steps, name)
	if !ok {
		return fmt.Errorf("there is no step %q", name)
	}
	var done []string
	if err := json.NewDecoder(in).Decode(&done); err != nil {
		return fmt.Errorf("the list of cases that were tried: %w", err)
	}
	for _, name := range done {
		r.done[name] = true
	}
	r.limit, r.alone = step.Limit, step.Alone
	return step.Run(ctx, r)
}

func find(steps []Step, name string) (Step, bool) {
	for _, s := range steps {
		if s.Name == name {
			return s, true
		}
	}
	return Step{}, false
}
