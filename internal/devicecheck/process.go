package devicecheck

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// ending is how a child ended.
type ending int

const (
	finished ending = iota // the step is over
	more                   // another child is to go on
	crashed
	hung
)

// attempt is one child of a step.
type attempt struct {
	step   Step
	result *StepResult
	log    *tail
	within []begin // the case it is in, and those around that
	since  time.Time
	events chan event
	ended  ending
	over   bool // the child has said that it is at its end
	killed bool
	told   func(name string) // which case begins
}

// dying is how long a killed process may take to be gone; one that waits for a driver may never be.
const dying = 30 * time.Second

var errStuck = errors.New("the process cannot be ended: it waits for the driver")

// run starts the child and follows it to its end. A child that exceeds its time is killed. An error is of starting it.
func (a *attempt) run(ctx context.Context, cmd *exec.Cmd) error {
	tried := []string{}
	for _, o := range a.result.Outcomes {
		tried = append(tried, o.Case)
	}
	list, err := json.Marshal(tried)
	if err != nil {
		return err
	}
	reader, writer := io.Pipe()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(list), writer, a.log
	a.log.begin()
	cmd.WaitDelay = 5 * time.Second // for pipes that a grandchild keeps open
	if err := cmd.Start(); err != nil {
		return err
	}
	a.events = make(chan event)
	go a.read(reader)
	exit := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		_ = writer.Close()
		exit <- err
	}()
	if err := a.follow(ctx, func() { _ = cmd.Process.Kill() }); err != nil {
		return err
	}
	status := <-exit
	if ctx.Err() != nil { // it was killed, which says nothing of the case
		return a.interrupted(ctx.Err())
	}
	a.settle(status)
	return nil
}

// interrupted is the error of a check that somebody ended.
func (a *attempt) interrupted(err error) error {
	if n := len(a.within); n > 0 {
		return fmt.Errorf("interrupted in %q: %w", a.within[n-1].Case, err)
	}
	return fmt.Errorf("interrupted: %w", err)
}

// read hands on the events of a child; what else it prints goes to the log.
func (a *attempt) read(r io.Reader) {
	defer close(a.events)
	lines := bufio.NewReaderSize(r, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		e, rest, ok := parseEvent(line)
		_, _ = a.log.Write(rest)
		if ok {
			a.events <- e
		}
		if err != nil {
			return
		}
	}
}

// follow takes events until the child is gone, and kills it when its time is over.
func (a *attempt) follow(ctx context.Context, kill func()) error {
	a.since, a.ended = time.Now(), crashed
	timer := time.NewTimer(a.step.Setup)
	defer timer.Stop()
	cancelled := ctx.Done()
	for {
		select {
		case e, ok := <-a.events:
			if !ok {
				return nil
			}
			if limit := a.take(e); !a.killed {
				timer.Reset(limit)
			}
			continue
		case <-timer.C:
			if a.killed {
				a.settle(errStuck)
				return errStuck
			}
			if !a.over {
				a.ended = hung
			}
		case <-cancelled:
			cancelled = nil
		}
		kill()
		a.killed = true
		timer.Reset(dying)
	}
}

// take notes an event and returns the time until the next must be there.
func (a *attempt) take(e event) time.Duration {
	switch {
	case e.Begin != nil:
		a.within, a.since = append(a.within, *e.Begin), time.Now()
		a.told(e.Begin.Case)
		return a.limit()
	case e.End != nil:
		a.result.Outcomes = append(a.result.Outcomes, *e.End)
		a.within, a.since = a.within[:max(0, len(a.within)-1)], time.Now()
	default:
		a.over = true
		a.ended = finished
		if e.More {
			a.ended = more
		}
		a.result.Error = e.Error
	}
	return a.limit()
}

// limit is that of the innermost case, or that of the time between cases.
func (a *attempt) limit() time.Duration {
	if n := len(a.within); n > 0 && !a.over {
		return time.Duration(a.within[n-1].Limit * float64(time.Second))
	}
	return a.step.Setup
}

// settle notes what a child that did not end by itself was doing.
func (a *attempt) settle(exit error) {
	if a.ended != crashed && a.ended != hung {
		return
	}
	o := Outcome{State: Crashed, Text: fmt.Sprintf("the process ended: %v%s", exit, a.log.lastWords()), Seconds: time.Since(a.since).Seconds()}
	if a.ended == hung {
		o.State, o.Text = Hung, fmt.Sprintf("no end after %.0f s%s", o.Seconds, a.log.lastWords())
	}
	if len(a.within) == 0 {
		a.result.Error = "outside of any case: " + o.Text
		return
	}
	o.Case = a.within[len(a.within)-1].Case
	a.result.Outcomes = append(a.result.Outcomes, o)
}

// tail is a log that keeps apart what a child said of its end.
type tail struct {
	mu   sync.Mutex
	w    io.Writer
	room int64  // bytes that may still be written
	line []byte // that is not over yet
	last string // line that was not empty
	why  string // first line that says why a program ends
}

const (
	logRoom  = 8 << 20 // of a step
	lineRoom = 1000    // of a line that is looked at
)

// signs are how lines begin that say why a program ends: Go's own, also for signals that libraries cause.
var signs = []string{"SIG", "fatal error:", "panic:", "unexpected fault"}

// Write implements io.Writer. It never fails: a log that cannot be written must not end a check.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := min(int64(len(p)), t.room); n > 0 {
		_, _ = t.w.Write(p[:n])
		t.room -= n
	}
	for _, b := range p {
		if b == '\n' {
			t.endLine()
		} else if len(t.line) < lineRoom {
			t.line = append(t.line, b)
		}
	}
	return len(p), nil
}

func (t *tail) endLine() {
	line := strings.TrimSpace(string(t.line))
	t.line = t.line[:0]
	if line == "" {
		return
	}
	t.last = line
	if t.why == "" && slices.ContainsFunc(signs, func(s string) bool { return strings.HasPrefix(line, s) }) {
		t.why = line
	}
}

// begin forgets what an earlier child said.
func (t *tail) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.line, t.last, t.why = t.line[:0], "", ""
}

// lastWords returns the line of the child that says why it ended, else its last, or "".
func (t *tail) lastWords() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endLine()
	switch {
	case t.why != "":
		return ": " + t.why
	case t.last != "":
		return ": " + t.last
	}
	return ""
}
