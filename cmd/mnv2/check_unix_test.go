//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/cli"
	"mnv2/internal/shareddata"
)

// checked runs the program's check in a process of its own, since the program starts itself.
func checked(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	if os.Getenv("MNV2_EXEC") != "" {
		shareddata.Skip(t, "native", "under an emulator the program cannot start itself")
	}
	var out, errs strings.Builder
	cmd := program(t, t.TempDir(), append([]string{"devices"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // its status is what is looked at
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestCheckOfTheCPU(t *testing.T) {
	stdout, stderr, code := checked(t, "--check", "cpu", "--quick", "--steps", "device,training", "--format", "json")
	require.Equal(t, cli.Done, code, stderr)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, 3)
	var step struct {
		Step  string
		Ended map[string]int
	}
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &step))
	assert.Equal(t, "training", step.Step)
	assert.Equal(t, map[string]int{"ok": 3}, step.Ended)
	var end struct {
		Archive string
		Bad     int
	}
	require.NoError(t, json.Unmarshal([]byte(lines[2]), &end))
	assert.Zero(t, end.Bad)
	assert.FileExists(t, end.Archive)
}

func TestCheckOfADeviceThatIsNotThere(t *testing.T) {
	stdout, stderr, code := checked(t, "--check", "cuda")
	assert.Equal(t, cli.NoDevice, code)
	assert.Contains(t, stderr, "mnv2: --check cuda: ", "and why: without a driver, or not part of this build")
	assert.Contains(t, stdout, "The archive to send: ")
	assert.Contains(t, stdout, ".tar.gz")
	assert.NotContains(t, stdout, "suite", "nothing else is tried")
}

func TestCheckRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--check", "tpu"}, "want cpu, cuda[:N] or ascend[:N]"},
		{[]string{"--check", "auto"}, "want cpu, cuda[:N] or ascend[:N]"},
		{[]string{"--check", "cpu", "--steps", "device,nothing"}, `--steps "device,nothing": want all, or some of device, suite, operations`},
	} {
		_, stderr, code := checked(t, c.args...)
		assert.Equal(t, cli.Usage, code, c.args)
		assert.Contains(t, stderr, c.says)
	}
	cmd := program(t, t.TempDir(), checkStep)
	out, err := cmd.CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), "this is for mnv2 devices --check")
}

func TestTheArchiveLiesWhereTheProgramWasStarted(t *testing.T) {
	if os.Getenv("MNV2_EXEC") != "" {
		shareddata.Skip(t, "native", "under an emulator the program cannot start itself")
	}
	dir := t.TempDir()
	require.NoError(t, program(t, dir, "devices", "--check", "cpu", "--quick", "--steps", "device").Run())
	files, err := filepath.Glob(filepath.Join(dir, "mnv2-check-cpu-*.tar.gz"))
	require.NoError(t, err)
	assert.Len(t, files, 1)
}
