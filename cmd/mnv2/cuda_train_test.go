//go:build cuda && cgo && linux

package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fakenv "mnv2/csrc/fake/nv"
	"mnv2/csrc/nv"
	"mnv2/csrc/nv/cubin"
	"mnv2/internal/cli"
	"mnv2/internal/shareddata"
)

// trainOnStandIn takes two steps of a small network on the GPU's stand-in, with more arguments.
func trainOnStandIn(t *testing.T, settings string, more ...string) (stderr string, code int) {
	t.Helper()
	folder, err := fakenv.Kept()
	if errors.Is(err, fakenv.ErrNoCompiler) {
		shareddata.Skip(t, "gcc", err)
	}
	require.NoError(t, err)
	t.Setenv(nv.EnvLibs, "only:"+folder)
	t.Setenv(cubin.EnvDir, "off") // what a stand-in compiles is for nobody else
	if name, value, ok := strings.Cut(settings, "="); ok {
		t.Setenv(name, value)
	}
	control, err := fakenv.Attach(folder)
	require.NoError(t, err)
	control.Reset()
	t.Chdir(t.TempDir())
	_, stderr, code = call(t, append([]string{"train", "--device", "cuda", "--model", "mobilenet_v2_035_224", "--dataset", "shapes",
		"--image_resize", "32", "--num_samples", "6", "--epoch_size", "1", "--warmup_epochs", "0", "--batch_size", "3", "--num_classes", "10", "--val_while_train", "false"}, more...)...)
	assert.Empty(t, control.Misuse())
	assert.Empty(t, control.Live())
	return stderr, code
}

// TestGPUTrainsWithEveryLoss takes steps with what is beside softmax cross-entropy and with drop path.
func TestGPUTrainsWithEveryLoss(t *testing.T) {
	for _, more := range []string{"--loss BCE", "--loss jsd --aug_splits 3 --auto_augment augmix", "--loss asl_single_label", "--loss asl_multi_label", "--drop_path_rate 0.2"} {
		t.Run(more, func(t *testing.T) {
			stderr, code := trainOnStandIn(t, "", strings.Fields(more)...)
			assert.Zero(t, code, stderr)
		})
	}
}

// TestOutOfMemoryNamesABatchThatFits wants to know what was wanted, what is free, who has the rest, and a batch size with which the
// same run works.
func TestOutOfMemoryNamesABatchThatFits(t *testing.T) {
	const memory = "MNV2_FAKE_MEMORY=60000000"
	batch := "200"
	t.Run("too many", func(t *testing.T) {
		stderr, code := trainOnStandIn(t, memory, "--num_samples", batch, "--batch_size", batch)
		require.Equal(t, cli.Failed, code, stderr)
		for _, want := range []string{`bytes for "training`, "of 60000000 bytes are free", `largest in use: "`} {
			assert.Contains(t, stderr, want)
		}
		fits := regexp.MustCompile(`--batch_size (\d+) would fit into the \d+ bytes`).FindStringSubmatch(stderr)
		require.NotNil(t, fits, stderr)
		batch = fits[1]
	})
	t.Run("as many as are said to fit", func(t *testing.T) {
		stderr, code := trainOnStandIn(t, memory, "--num_samples", batch, "--batch_size", batch)
		assert.Zero(t, code, stderr)
	})
}

// TestLostGPUEndsTheRun loses the device in the last step of the second epoch: the run ends with exit 3, and the checkpoint of the first
// epoch is there to go on from.
func TestLostGPUEndsTheRun(t *testing.T) {
	calls, epochs := filepath.Join(t.TempDir(), "calls"), []string{"--epoch_size", "2", "--ckpt_save_interval", "1", "--ckpt_save_dir", t.TempDir()}
	t.Run("whole", func(t *testing.T) {
		stderr, code := trainOnStandIn(t, "MNV2_FAKE_LOG="+calls, epochs...)
		require.Zero(t, code, stderr)
	})
	log, err := os.ReadFile(calls)
	require.NoError(t, err)
	launches := regexp.MustCompile(`(?m)^(\d+) cuGraphLaunch$`).FindAllStringSubmatch(string(log), -1)
	require.NotEmpty(t, launches)
	folder := t.TempDir()
	t.Run("lost", func(t *testing.T) {
		stderr, code := trainOnStandIn(t, "MNV2_FAKE_FAIL="+launches[len(launches)-1][1]+":719", append(epochs[:len(epochs)-1:len(epochs)-1], folder)...)
		assert.Equal(t, cli.NoDevice, code, stderr)
		assert.Contains(t, stderr, "device lost")
	})
	kept, err := filepath.Glob(filepath.Join(folder, "*-1_2.ckpt"))
	require.NoError(t, err)
	assert.Len(t, kept, 1, "the checkpoint of the first epoch")
}
