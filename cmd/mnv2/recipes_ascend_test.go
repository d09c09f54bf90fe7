//go:build ascend && cgo && linux

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	aclfake "mnv2/csrc/fake/acl"
	"mnv2/internal/shareddata"
)

// logged is a line of a training run in JSON.
type logged struct {
	Epoch, Step int
	Loss        *float64
}

// trained runs mnv2 train on the stand-in of an NPU, or on the CPU, and returns the steps it logs.
func trained(t *testing.T, dir, device string, args ...string) []logged {
	t.Helper()
	cmd := program(t, dir, slices.Concat([]string{"train", "--format", "json", "--log_interval", "1", "--device", device}, args)...)
	if device != "cpu" {
		cmd.Env = append(cmd.Env, sourced(toolkit(t, aclfake.Options{Layout: aclfake.Old}), "MNV2_FAKE_ACL_QUIET=1")...)
	}
	out, err := cmd.Output()
	require.NoError(t, err, "%s", out)
	var list []logged
	for line := range strings.Lines(string(out)) {
		var l logged
		require.NoError(t, json.Unmarshal([]byte(line), &l), line)
		if strings.Contains(line, `"lr"`) && l.Loss != nil {
			list = append(list, l)
		}
	}
	return list
}

// TestRecipesOfTheOriginal starts the three recipes as they are, on small pictures of the sample in place of ImageNet: two steps each,
// with losses near that of guessing, and 100 of the smallest network with MNV2_REQUIRE=slow. Those grow and fall with the rate, which is
// high for such batches; means of ten must be those of the CPU in float32 but for a tenth.
func TestRecipesOfTheOriginal(t *testing.T) {
	sample := filepath.Dir(shareddata.Path(t, "imagenet-sample/imagenet_class_index.json"))
	for _, width := range []string{"0.75", "1.0", "1.4"} {
		t.Run(width, func(t *testing.T) {
			const batch = 5
			steps := 2
			if width == "0.75" && shareddata.Required("slow") {
				steps = 100
			}
			recipe := []string{"--config", "mobilenet_v2_" + width + "_ascend", "--distribute", "False",
				"--data_dir", sample, "--class_index", filepath.Join(sample, "imagenet_class_index.json"), "--train_split", "val", "--val_while_train", "False",
				"--image_resize", "64", "--batch_size", strconv.Itoa(batch), "--num_samples", strconv.Itoa(batch * steps), "--epoch_size", "1"}
			list := trained(t, t.TempDir(), "ascend", recipe...)
			require.Len(t, list, steps)
			if steps > 2 {
				want := meansOfTen(trained(t, t.TempDir(), "cpu", recipe...))
				got := meansOfTen(list)
				t.Logf("means of ten losses: %.3f, the CPU's %.3f", got, want)
				assert.InEpsilonSlice(t, want, got, 0.1)
				return
			}
			for _, l := range list {
				assert.InDelta(t, 6.9, *l.Loss, 3, "step %d; ln 1000 is 6.9", l.Step) // above all not NaN
			}
		})
	}
}

// meansOfTen returns the mean losses of ten steps each.
func meansOfTen(list []logged) (means []float64) {
	for ten := range slices.Chunk(list, 10) {
		sum := 0.0
		for _, l := range ten {
			sum += *l.Loss
		}
		means = append(means, sum/float64(len(ten)))
	}
	return means
}

// TestCheckpointsGoBetweenDevices goes on from a checkpoint on the other device. The steps after it begin with the same weights and
// the same velocity, so their losses are the same but for what rounding makes of them in one step and in two.
func TestCheckpointsGoBetweenDevices(t *testing.T) {
	const epochs, half, steps = "2", "-1_5", 5
	run := []string{"--dataset", "shapes", "--image_resize", "32", "--num_samples", "40", "--batch_size", "8", "--epoch_size", epochs,
		"--val_while_train", "False", "--keep_checkpoint_max", "0", "--color_jitter", "None", "--lr", "0.001", "--warmup_epochs", "0"}
	for _, devices := range [][2]string{{"cpu", "ascend"}, {"ascend", "cpu"}} {
		first, second := devices[0], devices[1]
		whole, resumed := t.TempDir(), t.TempDir()
		want := trained(t, whole, first, run...)
		require.Len(t, want, 2*steps)
		require.NoError(t, os.Mkdir(filepath.Join(resumed, "ckpt"), 0o755))
		files, err := filepath.Glob(filepath.Join(whole, "ckpt", "*"+half+".ckpt*"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(resumed, "ckpt", filepath.Base(file)), data, 0o644))
		}
		got := trained(t, resumed, second, append(run, "--ckpt_path", "ckpt")...)
		require.Len(t, got, steps, "%s goes on in epoch 2", second)
		for i, allowed := range []float64{1e-4, 1e-3} {
			assert.Equal(t, want[steps+i].Epoch, got[i].Epoch)
			assert.InEpsilon(t, *want[steps+i].Loss, *got[i].Loss, allowed, "%s to %s, step %d", first, second, i+1)
			t.Logf("%s to %s, step %d: loss %v and %v", first, second, i+1, *want[steps+i].Loss, *got[i].Loss)
		}
	}
}
