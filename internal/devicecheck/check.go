package devicecheck

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"mnv2/internal/atomicfile"
)

// Check is a list of steps to be made on one device.
type Check struct {
	Device  string // as --device takes it: "ascend:0"
	Version string // of this program
	Quick   bool   // for the report; the steps know it already
	Steps   []Step
	// Command returns this program, to be started as a child that calls [Child] with the step of that name.
	Command func(ctx context.Context, step string) *exec.Cmd
	// Progress is told in one line what is going on: the steps, and with detail every case. It may be nil.
	Progress func(text string, detail bool)
	// Folder receives the archive.
	Folder string
}

// Run makes all steps, one after the other, and returns what they gave and the archive that holds it. Steps that fail are in
// the report; an error means that there is no archive. When ctx ends, the report holds what there is until then and the error
// is that of ctx.
func (c *Check) Run(ctx context.Context) (*Report, string, error) {
	report := &Report{Device: c.Device, Version: c.Version, Machine: runtime.GOOS + "/" + runtime.GOARCH, Quick: c.Quick, Began: time.Now()}
	work, err := os.MkdirTemp("", "mnv2-check-")
	if err != nil {
		return nil, "", fmt.Errorf("device check: %w", err)
	}
	defer os.RemoveAll(work)
	for i, step := range c.Steps {
		if ctx.Err() != nil {
			break
		}
		c.tell(false, "step %d of %d: %s", i+1, len(c.Steps), step.Title)
		result, err := c.step(ctx, step, filepath.Join(work, fmt.Sprintf("%02d-%s", i+1, step.Name)))
		if err != nil {
			return nil, "", fmt.Errorf("device check: step %s: %w", step.Name, err)
		}
		report.Steps = append(report.Steps, result)
		c.tell(false, "step %d of %d: %s: %s", i+1, len(c.Steps), step.Title, result.counts())
		if step.First && result.IsBad() {
			report.NoDevice = true
			break
		}
	}
	report.Seconds = time.Since(report.Began).Seconds()
	archive, err := c.archive(report, work)
	if err != nil {
		return nil, "", fmt.Errorf("device check: %w", err)
	}
	return report, archive, ctx.Err()
}

func (c *Check) tell(detail bool, format string, args ...any) {
	if c.Progress != nil {
		c.Progress(fmt.Sprintf(format, args...), detail)
	}
}

// A step whose children die one after the other is given up.
const (
	mostDeaths = 20
	inARow     = 4 // without a case that came to its end
)

// step makes one step in as many processes as it takes and writes its files, which begin with path.
func (c *Check) step(ctx context.Context, step Step, path string) (*StepResult, error) {
	result := &StepResult{Name: step.Name, Title: step.Title}
	start := time.Now()
	log, err := os.Create(path + ".log")
	if err != nil {
		return nil, err
	}
	words := &tail{w: log, room: logRoom}
	if err := c.attempts(ctx, step, result, words); err != nil {
		result.Error = strings.TrimPrefix(result.Error+"; "+err.Error(), "; ")
	}
	result.Seconds = time.Since(start).Seconds()
	return result, errors.Join(log.Close(), writeJSON(path+".json", result))
}

// attempts starts children until the step is over or hopeless.
func (c *Check) attempts(ctx context.Context, step Step, result *StepResult, log *tail) error {
	deaths, row := 0, 0
	for {
		a := &attempt{step: step, result: result, log: log, told: func(name string) { c.tell(true, "%s: %s", step.Name, name) }}
		before := len(result.Outcomes)
		result.Attempts++
		if err := a.run(ctx, c.Command(ctx, step.Name)); err != nil {
			return err
		}
		if a.ended == finished || result.Error != "" {
			return nil
		}
		if a.ended == more && len(result.Outcomes) == before {
			return errors.New("a process made no progress")
		}
		if a.ended == more || step.Alone {
			row = 0
			continue
		}
		if deaths, row = deaths+1, row+1; len(result.Outcomes) > before+1 {
			row = 1
		}
		if deaths >= mostDeaths || row >= inARow {
			return fmt.Errorf("given up: %d processes died or hung, the last %d of them in their first case; the cases after %q were not tried",
				deaths, row, result.Outcomes[len(result.Outcomes)-1].Case)
		}
	}
}

func writeJSON(path string, v any) error {
	return atomicfile.Write(path, 0o644, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(v)
	})
}

// archive writes the report and its page beside the files of the steps, and packs all of them.
func (c *Check) archive(report *Report, work string) (string, error) {
	var page bytes.Buffer
	if err := report.WriteText(&page); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(work, "summary.txt"), page.Bytes(), 0o644); err != nil {
		return "", err
	}
	if err := writeJSON(filepath.Join(work, "report.json"), report); err != nil {
		return "", err
	}
	name := fmt.Sprintf("mnv2-check-%s-%s", strings.ReplaceAll(c.Device, ":", ""), report.Began.UTC().Format("20060102-150405"))
	path := filepath.Join(c.Folder, name+".tar.gz")
	return path, pack(path, name, work)
}
