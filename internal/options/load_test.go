package options

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/configs"
)

func TestLaterLayersWin(t *testing.T) {
	path := writeFile(t, "r.yaml", "lr: 0.3\nopt: momentum\nbatch_size: 32\n")
	o, _, err := Load(Request{Command: Train, Config: path, Flags: map[string]string{"lr": "0.1"}})
	require.NoError(t, err)
	assert.Equal(t, 0.1, o.LR)
	assert.Equal(t, 32, o.BatchSize)
	assert.Equal(t, 90, o.EpochSize)
	assert.Equal(t, []Source{FromFlag, FromFile, FromDefault}, []Source{o.Source("lr"), o.Source("batch_size"), o.Source("epoch_size")})
	assert.Equal(t, path, o.Config)
	assert.False(t, o.IsSet("epoch_size"))
}

func TestRecipesHoldMindCVsValues(t *testing.T) {
	shared := map[string]string{
		"mode": "0", "distribute": "True", "num_parallel_workers": "8", "val_while_train": "True", "dataset": "imagenet",
		"data_dir": "/path/to/imagenet", "shuffle": "True", "dataset_download": "False", "batch_size": "256", "drop_remainder": "True",
		"train_split": "train", "image_resize": "224", "scale": "[0.08, 1.0]", "ratio": "[0.75, 1.333]", "hflip": "0.5",
		"interpolation": "bilinear", "crop_pct": "0.875", "num_classes": "1000", "pretrained": "False", "ckpt_path": "",
		"ckpt_save_dir": "./ckpt", "dataset_sink_mode": "True", "amp_level": "O3", "loss": "CE", "label_smoothing": "0.1",
		"scheduler": "cosine_decay", "min_lr": "0.0", "warmup_epochs": "4", "opt": "momentum", "momentum": "0.9",
		"loss_scale": "1024.0", "use_nesterov": "False",
	}
	own := map[string][]string{ // model, keep_checkpoint_max, epoch_size, lr, decay_epochs, weight_decay, weight_decay_filter
		"mobilenet_v2_0.75_ascend": {"mobilenet_v2_075", "50", "400", "0.3", "396", "3.0e-05", "disable"},
		"mobilenet_v2_1.0_ascend":  {"mobilenet_v2_100", "100", "320", "0.4", "316", "4.0e-05", "disable"},
		"mobilenet_v2_1.4_ascend":  {"mobilenet_v2_140", "50", "300", "0.4", "296", "4.0e-05", "auto"},
	}
	keys := []string{"model", "keep_checkpoint_max", "epoch_size", "lr", "decay_epochs", "weight_decay", "weight_decay_filter"}
	for name, values := range own {
		t.Run(name, func(t *testing.T) {
			o, notices, err := Load(Request{Command: Train, Config: name, Ranks: 1})
			require.NoError(t, err)
			for i, key := range keys {
				assert.Equal(t, values[i], byName[key].Format(&o), key)
			}
			for key, want := range shared {
				assert.Equal(t, want, byName[key].Format(&o), key)
				assert.Equal(t, FromRecipe, o.Source(key), key)
			}
			assert.Equal(t, values[6] != "disable", o.IsSet("weight_decay_filter"))
			assert.Empty(t, Unsupported(&o, Situation{Command: Train, Ranks: 1}))
			require.Len(t, notices, 2)
			assert.Contains(t, notices[0].Text+notices[1].Text, "color_jitter 0.4 acts")
			assert.Contains(t, notices[0].Text+notices[1].Text, "training on one device")
		})
	}
}

func TestShapesRecipeRunsWithoutANotice(t *testing.T) {
	o, notices, err := Load(Request{Command: Train, Base: "shapes"})
	require.NoError(t, err)
	assert.Empty(t, notices)
	assert.Empty(t, Unsupported(&o, Situation{Command: Train}))
	assert.Equal(t, "shapes", o.Dataset)
	assert.Empty(t, o.Config)
}

func TestBaseIsNeverAFile(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("shapes", []byte("lr: 77"), 0o600))
	o, _, err := Load(Request{Command: Train, Base: "shapes"})
	require.NoError(t, err)
	assert.NotEqual(t, 77.0, o.LR)
	o, _, err = Load(Request{Command: Train, Config: "shapes"})
	require.NoError(t, err)
	assert.Equal(t, 77.0, o.LR, "--config prefers a file")
}

func TestUnknownConfigNamesTheRecipes(t *testing.T) {
	_, _, err := Load(Request{Command: Train, Config: "mobilenet_v2_1.0"})
	var usage *UsageError
	require.ErrorAs(t, err, &usage)
	assert.Equal(t, `--config "mobilenet_v2_1.0": no such file or recipe`, err.Error())
	assert.Equal(t, 2, usage.ExitCode())
	assert.Contains(t, usage.Hint, "did you mean mobilenet_v2_1")
	for _, name := range configs.Names() {
		assert.Contains(t, usage.Hint, name)
	}
	require.ErrorIs(t, err, os.ErrNotExist)

	dir := t.TempDir()
	_, _, err = Load(Request{Command: Train, Config: dir})
	require.ErrorContains(t, err, "is a folder, not a YAML file")
}

func TestAllWrongFlagsAreNamed(t *testing.T) {
	_, _, err := Load(Request{Command: Train, Flags: map[string]string{"lr": "x", "batch_size": "0", "nosuch": "1", "ema": "True"}})
	var usage *UsageError
	require.ErrorAs(t, err, &usage)
	assert.Equal(t, []string{
		"--batch_size: must be at least 1 and at most 1048576, not 0",
		"--lr: must be a finite number, not \"x\"",
		"--nosuch: no such option",
	}, usage.Lines())
}

func TestValuesThatDoNotFitTogether(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags map[string]string
		want  string
	}{
		{"range upside down", map[string]string{"scale": "1,0.5"}, "--scale [1.0, 0.5]: the first number must not exceed the second"},
		{"hue", map[string]string{"color_jitter": "0.1,0.1,0.1,0.6"}, "--color_jitter: hue must be at most 0.5, not 0.6"},
		{"top_k", map[string]string{"ckpt_save_policy": "top_k"}, "--ckpt_save_policy top_k: needs --val_while_train, which tells what is best"},
		{"samples", map[string]string{"num_samples": "5", "aug_repeats": "1"}, "--num_samples cannot be combined with --aug_repeats"},
		{"mnist", map[string]string{"dataset": "mnist"}, "--in_channels 3: mnist images have 1 channel; pass --in_channels 1"},
		{"grey folders", map[string]string{"in_channels": "1"}, "--in_channels 1: images of --dataset \"imagenet\" have 3 channels; pass --in_channels 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := Load(Request{Command: Train, Flags: c.flags})
			require.EqualError(t, err, c.want)
		})
	}
}

func TestOldNamesAreUnderstood(t *testing.T) {
	for _, c := range []struct{ yaml, filter, notice string }{
		{"filter_bias_and_bn: True", "disable", "filter_bias_and_bn True is read as weight_decay_filter disable, as it acted in MindCV 0.1 and 0.2"},
		{"filter_bias_and_bn: no", "auto", "filter_bias_and_bn False is read as weight_decay_filter auto, as it acted in MindCV 0.1 and 0.2"},
		{"filter_bias_and_bn: False\nweight_decay_filter: norm_and_bias", "norm_and_bias", ""},
		{"weight_decay_filter: norm_and_bias\nfilter_bias_and_bn: False", "norm_and_bias", ""},
	} {
		t.Run(c.yaml, func(t *testing.T) {
			o, notices, err := Load(Request{Command: Validate, Config: writeFile(t, "r.yaml", c.yaml)})
			require.NoError(t, err)
			assert.Equal(t, c.filter, o.WeightDecayFilter)
			if c.notice != "" {
				assert.Contains(t, texts(notices), c.notice)
			}
		})
	}
	_, _, err := Load(Request{Command: Train, Flags: map[string]string{"filter_bias_and_bn": "perhaps"}})
	require.EqualError(t, err, `--filter_bias_and_bn: must be true or false (also yes, no, 1, 0), not "perhaps"`)
}

func TestSpellingsBecomeOne(t *testing.T) {
	o, _ := loadFlags(t, map[string]string{"scheduler": "warmup_cosine_decay", "opt": "nesterov", "use_nesterov": "True",
		"interpolation": "LINEAR", "mean": "127.5", "std": "[127.5]"})
	assert.Equal(t, []string{"cosine_decay", "momentum", "bilinear"}, []string{o.Scheduler, o.Opt, o.Interpolation})
	assert.Equal(t, []float64{127.5, 127.5, 127.5}, o.Mean)
	assert.Equal(t, []float64{127.5, 127.5, 127.5}, o.Std)
}

func TestDeviceTargetChoosesTheDevice(t *testing.T) {
	for target, want := range map[string]string{"Ascend": "ascend", "GPU": "cuda", "CPU": "cpu", "None": "auto"} {
		o, _ := loadFlags(t, map[string]string{"device_target": target})
		assert.Equal(t, want, o.Device, target)
	}
	o, notices := loadFlags(t, map[string]string{"device_target": "GPU", "device": "cpu"})
	assert.Equal(t, "cpu", o.Device)
	assert.Contains(t, texts(notices), "--device cpu is used, not device_target GPU")
}

func TestValSplitOfDataSetsWithATestPart(t *testing.T) {
	o, _ := loadFlags(t, map[string]string{"dataset": "cifar10"})
	assert.Equal(t, "test", o.ValSplit)
	o, _ = loadFlags(t, map[string]string{"dataset": "cifar10", "val_split": "val"})
	assert.Equal(t, "val", o.ValSplit)
}

func TestSavedOptionsReadBackEqual(t *testing.T) {
	for _, flags := range []map[string]string{
		nil,
		{"color_jitter": "None", "num_classes": "10", "ckpt_path": "C:\\a: b # c", "mean": "1,2,3", "data_dir": "", "dataset": "",
			"re_value": "[1, 2]", "device_target": "CPU", "ckpt_save_policy": "None", "lr": "1e-300", "model": "null", "data_url": "x",
			"train_split": "123", "class_index": "- x\n\ty\u2028z", "drop_path_rate": "0"},
	} {
		for _, config := range append(configs.Names(), "") {
			o, _, err := Load(Request{Command: Train, Config: config, Flags: flags})
			require.NoError(t, err)
			path := filepath.Join(t.TempDir(), "sub", "run.yaml")
			require.NoError(t, Save(path, &o))
			back, _, err := Load(Request{Command: Train, Config: path})
			require.NoError(t, err)
			back.Config, back.sources, o.sources = o.Config, nil, nil
			assert.Equal(t, o, back)
		}
	}
}

func TestSaveWritesSortedKeysAndNothingTransient(t *testing.T) {
	o, _ := loadFlags(t, map[string]string{"force": "True", "device": "cpu"})
	text, err := Marshal(&o)
	require.NoError(t, err)
	assert.Regexp(t, `^amp_cast_list: null\namp_dtype: f16\namp_level: O0\n`, string(text))
	assert.Contains(t, string(text), "\nscale: [0.08, 1.0]\n")
	assert.Contains(t, string(text), "\nweight_decay: 1.0e-06\n")
	assert.NotContains(t, string(text), "force")
	assert.NotContains(t, string(text), "\ndevice:")
	assert.NotContains(t, string(text), "data_url")
}

func TestSaveNamesThePath(t *testing.T) {
	o := Defaults()
	blocked := writeFile(t, "file", "")
	err := Save(filepath.Join(blocked, "run.yaml"), &o)
	require.ErrorContains(t, err, "run.yaml")
}

func TestUsageErrorUnwraps(t *testing.T) {
	cause := errors.New("cause")
	err := &UsageError{Problems: []string{"a", "b"}, Hint: "h", Cause: cause}
	require.ErrorIs(t, err, cause)
	assert.Equal(t, "a; b", err.Error())
	assert.Equal(t, "h", err.HintText())
}

func TestPretrainedIsAFileOrATruthValue(t *testing.T) {
	for _, c := range []struct{ given, value, file string }{
		{"True", "True", ""}, {"yes", "True", ""}, {"0", "False", ""}, {"weights.pth", "weights.pth", "weights.pth"}, {"./true", "./true", "./true"},
	} {
		o, _ := loadFlags(t, map[string]string{"pretrained": c.given})
		assert.Equal(t, c.value, o.Pretrained)
		assert.Equal(t, c.file, o.PretrainedFile())
	}
	o, _, err := Load(Request{Command: Train, Config: writeFile(t, "a.yaml", "pretrained: False\n")})
	require.NoError(t, err)
	assert.Empty(t, o.PretrainedFile())
}
