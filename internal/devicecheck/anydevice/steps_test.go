package anydevice

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/cpu"
	"mnv2/internal/devicecheck"
	"mnv2/internal/shareddata"
)

// childVariable makes the test binary a child; its value is the step, after "wrong " on a device that miscalculates.
const childVariable = "MNV2_TEST_CHECK_STEP"

func TestMain(m *testing.M) {
	if step := os.Getenv(childVariable); step != "" {
		name, isWrong := strings.CutPrefix(step, "wrong ")
		os.Exit(devicecheck.Child(context.Background(), Steps(target(isWrong)), name, os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

func openCPU() (backend.Backend, error) { return cpu.Open(cpu.Options{Threads: 1}) }

// target is the CPU device, held to itself, or one that spoils every sum of two maps.
func target(wrong bool) Target {
	t := Target{Open: openCPU, Reference: openCPU, Quick: true}
	if wrong {
		t.Open = func() (backend.Backend, error) {
			b, err := openCPU()
			return spoiler{b}, err
		}
	}
	return t
}

// spoiler is a device whose Add is off by one part in a thousand, in its first element.
type spoiler struct{ backend.Backend }

func (s spoiler) Unwrap() backend.Backend { return s.Backend }

func (s spoiler) Compile(op backend.Op) (backend.Plan, error) {
	if _, ok := op.(backend.Block); ok {
		return nil, backend.Unsupported(s.Info().Device, op, "it is to be composed")
	}
	p, err := s.Backend.Compile(op)
	if _, ok := op.(backend.Add); ok && err == nil {
		return spoiled{p, s.Backend}, nil
	}
	return p, err
}

type spoiled struct {
	backend.Plan
	device backend.Backend
}

func (p spoiled) Run(args backend.Args, scratch backend.Scratch) error {
	if err := p.Plan.Run(args, scratch); err != nil {
		return err
	}
	y := args.Bind(nil)[1]
	raw := make([]byte, 4)
	if err := p.device.Download(raw, y.Buf, y.Off); err != nil {
		return err
	}
	raw[1] ^= 0x20 // one bit of the fraction
	return p.device.Upload(y.Buf, y.Off, raw)
}

// check makes the steps of those names and returns what they gave.
func check(t *testing.T, wrong bool, names ...string) *devicecheck.Report {
	t.Helper()
	if os.Getenv("MNV2_EXEC") != "" {
		shareddata.Skip(t, "native", "an emulator takes minutes for what does not depend on the architecture")
	}
	c := &devicecheck.Check{Device: "test", Folder: t.TempDir(), Quick: true}
	prefix := ""
	if wrong {
		prefix = "wrong "
	}
	for _, s := range Steps(target(wrong)) {
		for _, name := range names {
			if s.Name == name {
				c.Steps = append(c.Steps, s)
			}
		}
	}
	require.Len(t, c.Steps, len(names))
	c.Command = func(ctx context.Context, step string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(os.Environ(), childVariable+"="+prefix+step)
		return cmd
	}
	report, _, err := c.Run(t.Context())
	require.NoError(t, err)
	return report
}

func TestTheCPUPassesItsOwnCheck(t *testing.T) {
	report := check(t, false, "device", "operations", "training", "speed", "profile")
	for _, s := range report.Steps {
		assert.Empty(t, s.Error, s.Name)
		for _, o := range s.Outcomes {
			assert.False(t, o.State.IsBad(), "%s: %s: %s: %s", s.Name, o.Case, o.State, o.Text)
		}
	}
	operations := report.Find("operations")
	assert.Greater(t, operations.Count(devicecheck.OK), 100)
	assert.Contains(t, report.Find("profile").Outcomes[0].Data, "slowest")
	page := &strings.Builder{}
	require.NoError(t, report.WriteText(page))
	t.Log(page)
}

func TestAPlantedErrorIsFound(t *testing.T) {
	report := check(t, true, "operations", "training")
	operations := report.Find("operations")
	assert.Empty(t, operations.Error)
	for _, o := range operations.Outcomes {
		assert.Equal(t, strings.HasPrefix(o.Case, "Add("), o.State == devicecheck.Wrong, "%s: %s: %s", o.Case, o.State, o.Text)
	}
	page := &strings.Builder{}
	require.NoError(t, report.WriteText(page))
	assert.Regexp(t, `operations: Add\(.*: wrong: "y": 1 of \d+ elements wrong`, page.String())
}

// TestTheSuiteIsMadeOfCases runs one group of the conformance suite, which a device that miscalculates does not pass. The other
// groups count as tried.
func TestTheSuiteIsMadeOfCases(t *testing.T) {
	var events bytes.Buffer
	tried := strings.NewReader(`["info","memory","transfer","fused","gradients","aliasing","order","record","determinism","errors","goroutines"]`)
	require.Zero(t, devicecheck.Child(t.Context(), Steps(target(true)), "suite", tried, &events))
	text := events.String()
	assert.Greater(t, strings.Count(text, `"state":"ok"`), 300)
	assert.Greater(t, strings.Count(text, `"case":"ops/Add(`), 10)
	assert.Greater(t, strings.Count(text, `"state":"failed"`), 5)
	assert.NotContains(t, text, `"case":"memory`)
}
