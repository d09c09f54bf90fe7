package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/cli"
)

// A folder with a run in it is not written over in silence, and a run that cannot be leaves what is there as it is.
func TestAFolderThatHoldsARun(t *testing.T) {
	t.Chdir(t.TempDir())
	short := tinyWith("--epoch_size", "1", "--warmup_epochs", "0", "--decay_epochs", "1", "--val_while_train", "False")
	with := func(more ...string) []string { return append(append([]string{}, short...), more...) }
	_, stderr, code := call(t, with()...)
	require.Equal(t, cli.Done, code, stderr)
	assert.NotContains(t, stderr, "another run")
	record := func() string {
		run, err := os.ReadFile("ckpt/run.json")
		require.NoError(t, err)
		options, err := os.ReadFile("ckpt/mobilenet_v2_035_224.yaml")
		require.NoError(t, err)
		return string(run) + string(options)
	}
	before := record()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--opt", "adamw", "--ckpt_path", "ckpt"}, "opt adamw: the checkpoint holds the state of another optimizer (momentum or nesterov or sgd)"},
		{[]string{"--scheduler", "one_cycle", "--warmup_epochs", "1"}, "want warmup_epochs 0"},
		{[]string{"--scheduler", "cyclic", "--warmup_epochs", "1", "--dry_run"}, "want warmup_epochs 0"},
	} {
		_, stderr, code = call(t, with(c.args...)...)
		assert.Equal(t, cli.Usage, code, stderr)
		assert.Contains(t, stderr, c.want)
		assert.Equal(t, before, record(), "%v", c.args)
	}
	_, stderr, code = call(t, with("--epoch_size", "2", "--ckpt_path", "ckpt")...)
	require.Equal(t, cli.Done, code, stderr)
	assert.NotContains(t, stderr, "another run")
	_, stderr, code = call(t, with("--seed", "7", "--ckpt_path", "ckpt")...)
	require.Equal(t, cli.Done, code, stderr)
	assert.Contains(t, stderr, "warning: the run starts anew from the weights of ckpt/mobilenet_v2_035_224-2_8.ckpt: it was made with --seed 42, this run has 7")
	assert.Contains(t, stderr, "warning: ./ckpt holds another run, up to mobilenet_v2_035_224-2_8.ckpt")
}
