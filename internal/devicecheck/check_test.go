package devicecheck

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/internal/shareddata"
)

// childVariable makes the test binary a child that tries the step it names.
const childVariable = "MNV2_TEST_CHECK_STEP"

// hang never returns. It works meanwhile: without cgo the runtime would call a process that only waits a deadlock, and end it.
func hang() {
	for {
		runtime.Gosched()
	}
}

func TestMain(m *testing.M) {
	if step := os.Getenv(childVariable); step != "" {
		os.Exit(Child(context.Background(), testSteps(), step, os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// testSteps misbehave in every way that a device may.
func testSteps() []Step {
	fine := func(c *Case) error { c.Set("value", 1.5); return nil }
	steps := []Step{
		{Name: "good", Title: "All well", Run: func(_ context.Context, r *Recorder) error {
			r.Try("first", fine)
			fmt.Print("a library speaks without ending its line") // before the next event
			r.Try("second", func(c *Case) error { c.Set("nothing", math.NaN()); return nil })
			r.Try("absent", func(*Case) error { return fmt.Errorf("compile: %w", backend.ErrUnsupported) })
			r.Try("off", func(c *Case) error { c.End(Wrong, "got %d, want %d", 2, 1); return nil })
			r.Try("refused", func(*Case) error { return errors.New("no") })
			r.Try("panics", func(*Case) error { panic("oh") })
			return nil
		}},
		{Name: "crash", Title: "Dies twice", Run: func(_ context.Context, r *Recorder) error {
			r.Try("before", fine)
			r.Try("dies", func(*Case) error { fmt.Fprintln(os.Stderr, "SIGSEGV: not really"); os.Exit(2); return nil })
			r.Try("between", fine)
			r.Try("dies too", func(*Case) error { os.Exit(7); return nil })
			r.Try("after", fine)
			return nil
		}},
		{Name: "hang", Title: "Never ends", Limit: 300 * time.Millisecond, Run: func(_ context.Context, r *Recorder) error {
			r.Try("hangs", func(*Case) error { hang(); return nil })
			r.TryWithin(time.Minute, "after", fine)
			return nil
		}},
		{Name: "alone", Title: "One process each", Alone: true, Run: func(_ context.Context, r *Recorder) error {
			for i := range 3 {
				r.Try(fmt.Sprint("case ", i), func(c *Case) error { c.Set("pid", os.Getpid()); return nil })
			}
			return nil
		}},
		{Name: "lost", Title: "Loses the device", Run: func(_ context.Context, r *Recorder) error {
			r.Try("breaks it", func(*Case) error { return fmt.Errorf("sync: %w", backend.ErrDeviceLost) })
			r.Try("after", fine)
			return nil
		}},
		{Name: "hopeless", Title: "Dies every time", Run: func(_ context.Context, r *Recorder) error {
			for i := range 100 {
				r.Try(fmt.Sprint("case ", i), func(*Case) error { os.Exit(1); return nil })
			}
			return nil
		}},
		{Name: "nested", Title: "Cases in a case", Run: func(_ context.Context, r *Recorder) error {
			r.Try("outer", func(c *Case) error {
				r.Try("outer/one", fine)
				r.Try("outer/two", func(*Case) error { os.Exit(1); return nil })
				r.Try("outer/three", fine)
				return nil
			})
			return nil
		}},
		{Name: "no device", Title: "Cannot begin", Run: func(context.Context, *Recorder) error { return errors.New("there is none") }},
		{Name: "dies before", Title: "Dies outside of a case", Run: func(context.Context, *Recorder) error { os.Exit(1); return nil }},
		{Name: "hangs after", Title: "Hangs at its end", Setup: 300 * time.Millisecond, Run: func(_ context.Context, r *Recorder) error {
			r.Try("first", fine)
			hang()
			return nil
		}},
	}
	for i := range steps {
		if steps[i].Setup == 0 {
			steps[i].Setup = time.Minute
		}
		if steps[i].Limit == 0 {
			steps[i].Limit = time.Minute
		}
	}
	return steps
}

func check(t *testing.T, names ...string) *Check {
	t.Helper()
	c := &Check{Device: "test:0", Version: "v1", Folder: t.TempDir()}
	for _, name := range names {
		step, ok := find(testSteps(), name)
		require.True(t, ok, name)
		c.Steps = append(c.Steps, step)
	}
	c.Command = func(ctx context.Context, step string) *exec.Cmd {
		args := append(strings.Fields(os.Getenv("MNV2_EXEC")), os.Args[0]) // tests of another architecture need the emulator
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Env = append(os.Environ(), childVariable+"="+step)
		return cmd
	}
	return c
}

// run makes one step and returns what it gave.
func run(t *testing.T, name string) *StepResult {
	t.Helper()
	report, _, err := check(t, name).Run(t.Context())
	require.NoError(t, err)
	require.Len(t, report.Steps, 1)
	return report.Steps[0]
}

func states(r *StepResult) (list []string) {
	for _, o := range r.Outcomes {
		list = append(list, o.Case+": "+string(o.State))
	}
	return list
}

func TestEveryEndOfACase(t *testing.T) {
	r := run(t, "good")
	assert.Equal(t, []string{"first: ok", "second: ok", "absent: unsupported", "off: wrong", "refused: failed", "panics: failed"}, states(r))
	assert.Equal(t, 1.5, r.Outcomes[0].Data["value"])
	assert.Equal(t, "NaN", r.Outcomes[1].Data["nothing"], "JSON has no such number")
	assert.Equal(t, "got 2, want 1", r.Outcomes[3].Text)
	assert.Contains(t, r.Outcomes[5].Text, "panic: oh")
	assert.Equal(t, 1, r.Attempts)
	assert.True(t, r.IsBad())
}

func TestACrashCostsOneCase(t *testing.T) {
	r := run(t, "crash")
	assert.Equal(t, []string{"before: ok", "dies: crashed", "between: ok", "dies too: crashed", "after: ok"}, states(r))
	assert.Equal(t, "the process ended: exit status 2: SIGSEGV: not really", r.Outcomes[1].Text)
	assert.Equal(t, 3, r.Attempts)
	assert.Empty(t, r.Error)
}

func TestAHangCostsOneCase(t *testing.T) {
	r := run(t, "hang")
	assert.Equal(t, []string{"hangs: hung", "after: ok"}, states(r))
	assert.Contains(t, r.Outcomes[0].Text, "no end after")
}

func TestCasesAlone(t *testing.T) {
	r := run(t, "alone")
	assert.Equal(t, []string{"case 0: ok", "case 1: ok", "case 2: ok"}, states(r))
	assert.Equal(t, 3, r.Attempts)
	assert.NotEqual(t, r.Outcomes[0].Data["pid"], r.Outcomes[1].Data["pid"])
}

func TestACrashWithinACaseLetsThatGoOn(t *testing.T) {
	assert.Equal(t, []string{"outer/one: ok", "outer/two: crashed", "outer/three: ok", "outer: ok"}, states(run(t, "nested")))
}

func TestALostDeviceIsFollowedByANewProcess(t *testing.T) {
	r := run(t, "lost")
	assert.Equal(t, []string{"breaks it: failed", "after: ok"}, states(r))
	assert.Equal(t, 2, r.Attempts)
}

func TestAHopelessStepIsGivenUp(t *testing.T) {
	r := run(t, "hopeless")
	assert.Len(t, r.Outcomes, inARow)
	assert.Contains(t, r.Error, `given up: 4 processes died or hung, the last 4 of them in their first case; the cases after "case 3" were not tried`)
}

func TestStepsThatFailOutsideOfACase(t *testing.T) {
	assert.Equal(t, "there is none", run(t, "no device").Error)
	assert.Contains(t, run(t, "dies before").Error, "outside of any case: the process ended: exit status 1")
	r := run(t, "hangs after")
	assert.Contains(t, r.Error, "outside of any case: no end after")
	assert.Equal(t, []string{"first: ok"}, states(r))
}

func TestTheArchiveHoldsEverything(t *testing.T) {
	c := check(t, "good", "crash")
	var told bytes.Buffer
	c.Progress = func(text string, detail bool) { fmt.Fprintln(&told, detail, text) }
	report, archive, err := c.Run(t.Context())
	require.NoError(t, err)
	assert.True(t, report.IsBad())
	assert.Contains(t, told.String(), "false step 1 of 2: All well\n")
	assert.Contains(t, told.String(), "true good: first\n")

	files := unpack(t, archive)
	assert.Regexp(t, `^mnv2-check-test0-\d{8}-\d{6}/report.json$`, keyWith(files, "report.json"))
	for _, name := range []string{"01-good.json", "01-good.log", "02-crash.json", "02-crash.log", "summary.txt"} {
		assert.NotEmpty(t, keyWith(files, name), name)
	}
	assert.Contains(t, files[keyWith(files, "01-good.log")], "a library speaks without ending its line")
	var back Report
	require.NoError(t, json.Unmarshal([]byte(files[keyWith(files, "report.json")]), &back))
	assert.Equal(t, states(report.Steps[1]), states(back.Steps[1]))
	page := files[keyWith(files, "summary.txt")]
	assert.Contains(t, page, "good: off: wrong: got 2, want 1")
	assert.Contains(t, page, "crash: dies: crashed: the process ended: exit status 2")
	assert.Contains(t, page, "first: value 1.5")
}

// keyWith returns the path whose last part is name.
func keyWith(files map[string]string, name string) string {
	for p := range files {
		if path.Base(p) == name {
			return p
		}
	}
	return ""
}

func unpack(t *testing.T, archive string) map[string]string {
	t.Helper()
	f, err := os.Open(archive)
	require.NoError(t, err)
	defer f.Close()
	zip, err := gzip.NewReader(f)
	require.NoError(t, err)
	files := map[string]string{}
	for tape := tar.NewReader(zip); ; {
		h, err := tape.Next()
		if err == io.EOF {
			return files
		}
		require.NoError(t, err)
		text, err := io.ReadAll(tape)
		require.NoError(t, err)
		files[h.Name] = string(text)
	}
}

func TestACancelledCheckKeepsWhatThereIs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := check(t, "good", "hang", "alone")
	c.Steps[1].Limit = time.Hour
	c.Progress = func(text string, _ bool) {
		if text == "hang: hangs" {
			cancel()
		}
	}
	report, archive, err := c.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, report.Steps, 2)
	assert.Empty(t, report.Steps[1].Outcomes, "the case that was killed did not crash")
	assert.Contains(t, report.Steps[1].Error, `interrupted in "hangs"`)
	assert.FileExists(t, archive)
}

func TestAnEmptyReportIsNotBad(t *testing.T) {
	var page bytes.Buffer
	r := &Report{Device: "x", Steps: []*StepResult{{Name: "s", Title: "Questions", Outcomes: []Outcome{
		{Case: "why?", State: Differs, Text: "because", Data: map[string]any{"assumed": "no reason"}}}}}}
	require.NoError(t, r.WriteText(&page))
	assert.Contains(t, page.String(), "Nothing is wrong.")
	assert.Contains(t, page.String(), "why?\n    found:   because\n    assumed: no reason\n    this differs\n")
}

func TestOutputOfPrograms(t *testing.T) {
	if os.Getenv("MNV2_EXEC") != "" {
		shareddata.Skip(t, "native", "programs of another architecture need an emulator")
	}
	c := &Case{outcome: Outcome{State: OK}}
	require.NoError(t, Output(c, os.Args[0], "-test.run=^$"))
	assert.Contains(t, c.Get("output"), "PASS")
	assert.Equal(t, OK, c.outcome.State)
	require.NoError(t, Output(c, "/no/such/program"))
	assert.Equal(t, Unsupported, c.outcome.State, "a program that is not there is no fault of the device")
}

func TestLongLinesLoseTheirMiddle(t *testing.T) {
	long := "begin" + strings.Repeat("x", 1000) + "end"
	short := firstLine(long + "\nand more")
	assert.Len(t, short, 405)
	assert.True(t, strings.HasPrefix(short, "begin") && strings.HasSuffix(short, "end"), short)
	assert.Equal(t, "a", firstLine("a\nb"))
}

func TestThePageHasAnEnd(t *testing.T) {
	r := &Report{Steps: []*StepResult{{Name: "s"}}}
	for i := range mostBad + 3 {
		r.Steps[0].Outcomes = append(r.Steps[0].Outcomes, Outcome{Case: fmt.Sprint("case ", i), State: Failed, Text: "no"})
	}
	var page bytes.Buffer
	require.NoError(t, r.WriteText(&page))
	assert.Equal(t, mostBad, strings.Count(page.String(), "failed: no"))
	assert.Contains(t, page.String(), "s: ... and 3 more in the step's file")
}
