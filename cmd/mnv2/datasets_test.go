package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/cli"
)

// testdata is a folder of package data, seen from anywhere.
func testdata(t *testing.T, name string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "data", name, "testdata"))
	require.NoError(t, err)
	return dir
}

func TestTrainsOnShardsAndParquet(t *testing.T) {
	for _, set := range []string{"webdataset", "parquet"} {
		dir := testdata(t, set)
		t.Run(set, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("XDG_CACHE_HOME", t.TempDir())
			args := []string{"train", "--dataset", set, "--data_dir", dir, "--val_while_train", "--val_split", "train", "--batch_size", "4",
				"--image_resize", "32", "--epoch_size", "1", "--warmup_epochs", "0", "--device", "cpu"}
			stdout, stderr, code := call(t, args...)
			require.Equal(t, cli.Done, code, stderr)
			assert.Contains(t, stdout, "Number of training samples: 12")
			assert.Contains(t, stdout, "Number of classes: 3")
			assert.Contains(t, stderr, "next: mnv2 validate --dataset "+set+" --data_dir "+dir+" --val_split train")
			stdout, stderr, code = call(t, "validate", "--dataset", set, "--data_dir", dir, "--val_split", "train", "--device", "cpu", "--batch_size", "5")
			require.Equal(t, cli.Done, code, stderr)
			assert.Contains(t, stdout, "12 images in")
			_, stderr, code = call(t, "validate", "--dataset", set, "--data_dir", dir, "--device", "cpu")
			assert.Equal(t, cli.BadData, code)
			assert.Contains(t, stderr, `no files of split "val"`)
		})
	}
}

func TestClassFoldersAreDivided(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, class := range []string{"cat", "dog"} {
		for _, name := range []string{"1", "2", "3", "4", "5"} {
			writePicture(t, filepath.Join("photos", class, name+".png"), 40, 32)
		}
	}
	args := []string{"train", "--config", "finetune", "--data_dir", "photos", "--batch_size", "4", "--image_resize", "32", "--epoch_size", "2",
		"--model", "mobilenet_v2_035_224", "--device", "cpu"}
	stdout, stderr, code := call(t, args...)
	require.Equal(t, cli.Done, code, stderr)
	assert.Contains(t, stdout, "Number of training samples: 8")
	assert.Contains(t, stdout, "Number of validation samples: 2")
	assert.Contains(t, stderr, "next: mnv2 validate --data_dir photos --val_share 0.2")
	stdout, stderr, code = call(t, "validate", "--data_dir", "photos", "--val_share", "0.2", "--device", "cpu")
	require.Equal(t, cli.Done, code, stderr)
	assert.Contains(t, stdout, "2 images in")
	_, stderr, code = call(t, "train", "--data_dir", "photos", "--dry_run")
	assert.Equal(t, cli.BadData, code)
	assert.Contains(t, stderr, "--val_share 0.2 makes them of class folders")
	require.NoError(t, os.Mkdir("photos/val", 0o777))
	_, stderr, code = call(t, "train", "--config", "finetune", "--data_dir", "photos", "--dry_run")
	assert.Equal(t, cli.BadData, code, "a validation split that is there is used, so that training wants one, too")
	assert.Contains(t, stderr, `no split "train"`)
}

func TestValidationHasASizeOfItsOwn(t *testing.T) {
	t.Chdir(t.TempDir())
	args := append(tinyWith("--val_image_resize", "48", "--epoch_size", "1", "--val_while_train"), "--ckpt_save_dir", "run")
	_, stderr, code := call(t, args...)
	require.Equal(t, cli.Done, code, stderr)
	card, err := filepath.Glob("run/*_best.ckpt")
	require.NoError(t, err)
	require.Len(t, card, 1)
	stdout, _, code := call(t, "validate", "--ckpt_path", card[0], "--device", "cpu", "--quiet")
	require.Equal(t, cli.Done, code)
	again, _, code := call(t, "validate", "--ckpt_path", card[0], "--device", "cpu", "--quiet", "--image_resize", "48")
	require.Equal(t, cli.Done, code)
	assert.Equal(t, accuracy(stdout), accuracy(again), "the size that was validated at travels with the weights")
}

// accuracy is the first line of a validation.
func accuracy(out string) string {
	for i, c := range out {
		if c == '\n' {
			return out[:i]
		}
	}
	return out
}

// The recipes of ImageNet take a network and pictures of another size here; everything else is as they say.
func TestRecipesTrain(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, class := range []string{"cat", "dog"} {
		for _, name := range []string{"train/1", "train/2", "train/3", "train/4", "val/5"} {
			split, file := filepath.Split(name)
			writePicture(t, filepath.Join("photos", split, class, file+".png"), 40, 36)
		}
	}
	for _, recipe := range []string{"mobilenet_v2_1.0_ascend", "mobilenet_v2_1.0_torchvision"} {
		stdout, stderr, code := call(t, "train", "--config", recipe, "--distribute", "False", "--data_dir", "photos", "--num_classes", "2", "--batch_size", "4",
			"--image_resize", "32", "--val_image_resize", "40", "--model", "mobilenet_v2_035_224", "--epoch_size", "1", "--warmup_epochs", "0",
			"--num_parallel_workers", "2", "--ckpt_save_dir", recipe, "--device", "cpu")
		require.Equal(t, cli.Done, code, stderr)
		assert.Contains(t, stdout, "Finish training!", recipe)
		assert.Contains(t, stdout, "Validation Top_1_Accuracy", recipe)
	}
}
