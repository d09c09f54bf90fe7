//go:build cgo && linux

package ascend

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/csrc/aclprobe"
	aclfake "mnv2/csrc/fake/acl"
	"mnv2/internal/devicecheck"
	"mnv2/internal/shareddata"
)

// childVariable makes the test binary a child that makes the step it names.
const childVariable = "MNV2_TEST_CHECK_STEP"

func TestMain(m *testing.M) {
	if step := os.Getenv(childVariable); step != "" {
		os.Exit(devicecheck.Child(context.Background(), Steps(0, true), step, os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// check makes all steps on the stand-in, with settings of it in the environment.
func check(t *testing.T, layout aclfake.Layout, settings ...string) *devicecheck.Report {
	t.Helper()
	install, err := aclfake.Build(aclfake.Options{Layout: layout})
	if errors.Is(err, aclfake.ErrNoCompiler) {
		shareddata.Skip(t, "gcc", err)
	}
	require.NoError(t, err)
	c := &devicecheck.Check{Device: "ascend", Folder: t.TempDir(), Steps: Steps(0, true)}
	c.Command = func(ctx context.Context, step string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(append(os.Environ(), install.Env()...), childVariable+"="+step, "MNV2_FAKE_ACL_QUIET=1")
		cmd.Env = append(cmd.Env, settings...)
		return cmd
	}
	report, _, err := c.Run(t.Context())
	require.NoError(t, err)
	return report
}

// On the stand-in every answer is the assumed one: that is what it is.
func TestTheStandInIsAsAssumed(t *testing.T) {
	for name, c := range map[string]struct {
		layout aclfake.Layout
		soc    string
	}{"A2": {aclfake.Old, "Ascend910B1"}, "A2, split": {aclfake.Split, "Ascend910B1"}, "910A": {aclfake.Old, "Ascend910A"}, "950": {aclfake.Split, "Ascend950PR"}} {
		t.Run(name, func(t *testing.T) {
			report := check(t, c.layout, "MNV2_FAKE_ACL_SOC="+c.soc)
			for _, s := range report.Steps {
				assert.Empty(t, s.Error, s.Name)
				for _, o := range s.Outcomes {
					assert.False(t, o.State.IsBad(), "%s: %s: %s: %s", s.Name, o.Case, o.State, o.Text)
					if s.Name == "questions" {
						assert.NotEqual(t, devicecheck.Differs, o.State, "%s: %s, assumed %v", o.Case, o.Text, o.Data["assumed"])
					}
				}
			}
			assert.Len(t, report.Find("questions").Outcomes, len(questions()))
			if c.soc == "Ascend910B1" {
				assert.Zero(t, report.Find("misuse").Count(devicecheck.Differs))
			}
		})
	}
}

// A fault of the device costs the question it came at.
func TestAFaultCostsOneQuestion(t *testing.T) {
	report := check(t, aclfake.Old, "MNV2_FAKE_ACL_FAULT=aclnnIsFinite:1=507015")
	questions := report.Find("questions")
	assert.Equal(t, 1, questions.Count(devicecheck.Failed))
	assert.Equal(t, 2, questions.Attempts)
	for _, o := range questions.Outcomes {
		if o.State == devicecheck.Failed {
			assert.Contains(t, o.Text, "507015")
			assert.Contains(t, o.Case, "IsFinite")
		}
	}
}

// Bits that vary show where they may not.
func TestVaryingBitsAreSeen(t *testing.T) {
	report := check(t, aclfake.Old, "MNV2_FAKE_ACL_NOISE=1")
	for _, o := range report.Find("questions").Outcomes {
		if o.Case == "Does ConvolutionBackward give the same bits without determinism?" {
			assert.Equal(t, devicecheck.Differs, o.State)
			assert.Equal(t, "no", o.Text)
		}
	}
}

// A library that ends the process, as the real one does after a double free, costs the probe that made it do so.
func TestCrashesOfTheLibraryAreResults(t *testing.T) {
	report := check(t, aclfake.Old, "MNV2_FAKE_ACL_ABORT=1")
	misuse := report.Find("misuse")
	assert.Empty(t, misuse.Error)
	assert.Len(t, misuse.Outcomes, len(aclprobe.Probes()))
	assert.Greater(t, misuse.Count(devicecheck.Crashed), 5)
	assert.Greater(t, misuse.Count(devicecheck.Answered), 5)
	for _, o := range misuse.Outcomes {
		if o.Case == "an executor used twice" {
			assert.Equal(t, devicecheck.Crashed, o.State)
			assert.Contains(t, o.Text, "SIGABRT")
		}
	}
	for _, name := range []string{"inventory", "runtime", "questions"} {
		assert.False(t, report.Find(name).IsBad(), name)
	}
}
