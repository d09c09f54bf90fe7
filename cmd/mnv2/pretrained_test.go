package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/checkpoint"
	"mnv2/internal/cli"
	"mnv2/model"
	"mnv2/weights"
)

// savedNetwork writes a network of random numbers and returns its path.
func savedNetwork(t *testing.T, width float64, classes []string) string {
	t.Helper()
	a, err := model.New(model.Config{Width: width, Classes: len(classes), InChannels: 3})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "weights.ckpt")
	require.NoError(t, weights.Save(path, checkpoint.CKPT, model.MindCV, weights.Snapshot{Arch: a, Values: a.Init(5),
		Card: weights.Card{Classes: classes, Mean: []float64{1, 2, 3}, Std: []float64{4, 5, 6}}}))
	return path
}

// photos makes class folders of two pictures each in both splits.
func photos(t *testing.T, classes ...string) {
	t.Helper()
	for _, class := range classes {
		for _, name := range []string{"train/" + class + "/1.png", "train/" + class + "/2.png", "val/" + class + "/3.png"} {
			writePicture(t, filepath.Join("photos", name), 40, 32)
		}
	}
}

// once trains a step on photos.
var once = []string{"train", "--data_dir", "photos", "--batch_size", "4", "--image_resize", "32", "--epoch_size", "1", "--warmup_epochs", "0", "--device", "cpu"}

func onceWith(more ...string) []string { return append(append([]string{}, once...), more...) }

func TestPretrainedFileReplacesTheClassifierAndIsFollowed(t *testing.T) {
	t.Chdir(t.TempDir())
	photos(t, "cat", "dog")
	path := savedNetwork(t, 0.5, []string{"a", "b", "c"})
	stdout, stderr, code := call(t, onceWith("--pretrained", path)...)
	require.Equal(t, cli.Done, code, stderr)
	assert.Contains(t, stdout, "its classifier of 3 classes is left out, a new one is trained")
	assert.Contains(t, stderr, "the weights are of mobilenet_v2_050_224, which is trained")
	assert.Contains(t, stderr, "mean and std are those of the weights")
	f, err := weights.Open("ckpt/mobilenet_v2_050_224-1_1.ckpt")
	require.NoError(t, err)
	assert.Equal(t, []string{"cat", "dog"}, f.Card.Classes, "class names travel with the weights")
	assert.Equal(t, []float64{1, 2, 3}, f.Card.Mean)
	assert.Equal(t, 0.5, f.Config.Width)
}

func TestPretrainedFileOfOtherClassesOfTheSameNumber(t *testing.T) {
	t.Chdir(t.TempDir())
	photos(t, "cat", "dog")
	stdout, stderr, code := call(t, onceWith("--pretrained", savedNetwork(t, 0.35, []string{"left", "right"}))...)
	require.Equal(t, cli.Done, code, stderr)
	assert.Contains(t, stdout, "its classifier of 2 classes is left out")
	stdout, stderr, code = call(t, onceWith("--pretrained", savedNetwork(t, 0.35, []string{"cat", "dog"}))...)
	require.Equal(t, cli.Done, code, stderr)
	assert.NotContains(t, stdout, "left out", "the same classes keep their classifier")
}

func TestARunGoesOnUnderItsOwnOptions(t *testing.T) {
	t.Chdir(t.TempDir())
	photos(t, "cat", "dog")
	path := savedNetwork(t, 0.35, []string{"a", "b", "c"})
	_, stderr, code := call(t, onceWith("--pretrained", path, "--epoch_size", "1")...)
	require.Equal(t, cli.Done, code, stderr)
	require.NoError(t, os.Remove(path))
	stdout, stderr, code := call(t, "train", "--config", "ckpt/mobilenet_v2_035_224.yaml", "--ckpt_path", "ckpt/mobilenet_v2_035_224-1_1.ckpt", "--epoch_size", "2")
	require.Equal(t, cli.Done, code, stderr)
	assert.Contains(t, stdout, "going on after epoch 1", "the checkpoint wins over the file that pretrained names")
}

func TestPretrainedErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	photos(t, "cat", "dog")
	path := savedNetwork(t, 0.5, []string{"a", "b"})
	for _, c := range []struct {
		want string
		code int
		args []string
	}{
		{"nowhere.pth", cli.BadData, onceWith("--pretrained", "nowhere.pth")},
		{"name the file: --pretrained FILE", cli.Usage, onceWith("--pretrained")},
		{"pass another --model", cli.BadData, onceWith("--pretrained", path, "--model", "mobilenet_v2_100")},
		{"is not read: --ckpt_path says", cli.BadData, onceWith("--pretrained", path, "--ckpt_path", "nowhere.ckpt")},
	} {
		_, stderr, code := call(t, c.args...)
		assert.Equal(t, c.code, code, stderr)
		assert.Contains(t, stderr, c.want)
	}
}
