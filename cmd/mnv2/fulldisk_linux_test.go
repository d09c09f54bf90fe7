package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A run goes on while no checkpoint can be written, and saves when there is room again. A limit on the size of files stands in for the full disk.
func TestARunOutlivesAFullDisk(t *testing.T) {
	run := append(append([]string{}, smallRun...), "--epoch_size", "25", "--keep_checkpoint_max", "2")
	whole, dir := t.TempDir(), t.TempDir()
	out, err := program(t, whole, run...).CombinedOutput()
	require.NoError(t, err, string(out))

	cmd := program(t, dir, run...)
	cmd.Args = append([]string{"sh", "-c", `ulimit -S -f 1000 && exec "$0" "$@"`}, append([]string{cmd.Path}, cmd.Args[1:]...)...)
	cmd.Path, err = exec.LookPath("sh")
	require.NoError(t, err)
	cmd.Stdout = io.Discard
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	failed := 0
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if !strings.Contains(lines.Text(), "was not saved, training goes on and tries again") {
			continue
		}
		assert.Contains(t, lines.Text(), "file too large")
		if failed++; failed == 2 {
			require.NoError(t, unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}, nil))
		}
	}
	require.NoError(t, cmd.Wait())
	assert.GreaterOrEqual(t, failed, 2)
	require.Equal(t, checkpointNames(whole), checkpointNames(dir))
	for _, name := range checkpointNames(whole) {
		want, err := os.ReadFile(filepath.Join(whole, "ckpt", name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(dir, "ckpt", name))
		require.NoError(t, err)
		assert.True(t, string(want) == string(got), "%s differs", name)
	}
}

func checkpointNames(dir string) (names []string) {
	for _, path := range checkpointsIn(filepath.Join(dir, "ckpt"), "*.ckpt") {
		names = append(names, filepath.Base(path))
	}
	return names
}
