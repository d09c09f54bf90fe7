package main

import (
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/cli"
)

// tiny are flags with which the built-in set trains in a moment.
var tiny = []string{"train", "--num_samples", "64", "--batch_size", "8", "--image_resize", "32", "--epoch_size", "3", "--device", "cpu"}

func tinyWith(more ...string) []string { return append(append([]string{}, tiny...), more...) }

// entries lists the current folder.
func entries(t *testing.T) []string {
	t.Helper()
	list, err := os.ReadDir(".")
	require.NoError(t, err)
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestDryRunTellsAndLeavesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	stdout, stderr, code := call(t, tinyWith("--dry_run")...)
	require.Equal(t, cli.Done, code, stderr)
	for _, want := range []string{"10 classes", "423018 values", "the built-in shapes (train): 64 images", "3 epochs of 8 steps of 8 images, 24 steps",
		"optimizer state", "./ckpt: checkpoints", "command line: num_samples 64, batch_size 8", "built-in recipe: val_while_train True",
		"learning rate over the steps", "nothing was trained"} {
		assert.Contains(t, stdout, want)
	}
	assert.Empty(t, entries(t))
}

func TestDryRunJSONAndChart(t *testing.T) {
	t.Chdir(t.TempDir())
	stdout, stderr, code := call(t, tinyWith("--dry_run", "--format", "json", "--chart", "lr.png")...)
	require.Equal(t, cli.Done, code, stderr)
	var plan struct {
		Parameters    int
		StepsPerEpoch int `json:"steps_per_epoch"`
		Options       map[string]string
		LR            []struct {
			Step int
			LR   float64
		}
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &plan))
	assert.Equal(t, 423018, plan.Parameters)
	assert.Equal(t, 8, plan.StepsPerEpoch)
	assert.Equal(t, "8", plan.Options["batch_size"])
	require.Len(t, plan.LR, 24)
	assert.Zero(t, plan.LR[0].LR)
	assert.Equal(t, 24, plan.LR[23].Step)
	assert.Equal(t, []string{"lr.png"}, entries(t))
	f, err := os.Open("lr.png")
	require.NoError(t, err)
	defer f.Close()
	_, err = png.Decode(f)
	assert.NoError(t, err)
}

func TestDryRunFindsWhatWouldFail(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("file", nil, 0o644))
	writePicture(t, "photos/train/cat/a.png", 40, 30)
	writePicture(t, "photos/train/dog/a.png", 40, 30)
	writePicture(t, "photos/val/cat/b.png", 40, 30)
	for _, c := range []struct {
		name, want string
		code       int
		args       []string
	}{
		{"a file where the folder should be", `"file" cannot be written to: not a directory`, cli.Failed, tinyWith("--ckpt_save_dir", "file/run")},
		{"classes differ", `only in training: "dog"`, cli.BadData,
			[]string{"train", "--data_dir", "photos", "--val_while_train", "--batch_size", "2"}},
		{"too few for a batch", "do not fill one batch", cli.Failed, []string{"train", "--data_dir", "photos", "--batch_size", "8"}},
		{"a checkpoint that is not there", "nowhere.ckpt", cli.BadData, tinyWith("--ckpt_path", "nowhere.ckpt")},
		{"a chart of nothing", "goes with --dry_run", cli.Usage, tinyWith("--chart", "a.png", "--dry_run", "False")},
		{"two at once", "one at a time", cli.Usage, tinyWith("--find_lr")},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := c.args
			if !strings.Contains(strings.Join(args, " "), "--dry_run") {
				args = append(args, "--dry_run")
			}
			_, stderr, code := call(t, args...)
			assert.Equal(t, c.code, code, stderr)
			assert.Contains(t, stderr, c.want)
		})
	}
	assert.Equal(t, []string{"file", "photos"}, entries(t))
}

func TestDryRunMeetsAPictureThatCannotBeRead(t *testing.T) {
	t.Chdir(t.TempDir())
	writePicture(t, "photos/train/cat/a.png", 40, 30)
	require.NoError(t, os.WriteFile("photos/train/cat/b.png", []byte("no picture"), 0o644))
	_, stderr, code := call(t, "train", "--data_dir", "photos", "--batch_size", "2", "--dry_run")
	assert.Equal(t, cli.BadData, code)
	assert.Contains(t, stderr, filepath.Join("photos", "train", "cat", "b.png"))
	assert.Contains(t, stderr, "mnv2 data check")
}

func TestFindLROnTheCommandLine(t *testing.T) {
	t.Chdir(t.TempDir())
	stdout, stderr, code := call(t, tinyWith("--find_lr", "--trial_steps", "12", "--find_lr_range", "1e-9,1e-8", "--format", "json")...)
	require.Equal(t, cli.Failed, code, "such small steps do not change the loss")
	assert.Contains(t, stderr, "too little to suggest a learning rate")
	var sweep struct {
		Points []struct{ LR, Loss, Smoothed float64 }
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &sweep))
	require.Len(t, sweep.Points, 12)
	assert.InEpsilon(t, 1e-8, sweep.Points[11].LR, 1e-6)
	stdout, _, _ = call(t, tinyWith("--find_lr", "--trial_steps", "12", "--find_lr_range", "1e-9,1e-8", "--chart", "sweep.png")...)
	assert.Contains(t, stdout, "smoothed loss over the learning rate")
	assert.Equal(t, []string{"sweep.png"}, entries(t))
}

func TestOverfitBatchOnTheCommandLine(t *testing.T) {
	t.Chdir(t.TempDir())
	stdout, stderr, code := call(t, tinyWith("--overfit_batch", "--opt", "adam", "--lr", "0.003")...)
	require.Equal(t, cli.Done, code, stderr)
	assert.Contains(t, stdout, "pass: one batch of 8 images")
	stdout, stderr, code = call(t, tinyWith("--overfit_batch", "--lr", "0", "--trial_steps", "10")...)
	assert.Equal(t, cli.Failed, code)
	assert.Contains(t, stdout, "fail: one batch of 8 images")
	assert.Contains(t, stderr, "did not come near")
	assert.Empty(t, entries(t))
}
