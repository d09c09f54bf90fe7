package options

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mindcvDefaults are the defaults of MindCV 0.5.0, transcribed from its documentation, in its order.
var mindcvDefaults = [][2]string{
	{"config", ""}, {"mode", "0"}, {"distribute", "False"}, {"val_while_train", "False"}, {"val_interval", "1"},
	{"log_interval", "100"}, {"seed", "42"}, {"device_target", "Ascend"},
	{"dataset", "imagenet"}, {"data_dir", "./"}, {"train_split", "train"}, {"val_split", "val"},
	{"dataset_download", "False"}, {"num_parallel_workers", "8"}, {"shuffle", "True"}, {"num_samples", "None"},
	{"batch_size", "128"}, {"drop_remainder", "True"},
	{"image_resize", "224"}, {"scale", "[0.08, 1.0]"}, {"ratio", "[0.75, 1.333]"}, {"hflip", "0.5"}, {"vflip", "0.0"},
	{"color_jitter", "[0.4]"}, {"interpolation", "bilinear"}, {"auto_augment", "None"}, {"aug_splits", "0"},
	{"re_prob", "0.0"}, {"re_scale", "[0.02, 0.33]"}, {"re_ratio", "[0.3, 3.3]"}, {"re_value", "0"},
	{"re_max_attempts", "10"}, {"mean", "[123.675, 116.28, 103.53]"}, {"std", "[58.395, 57.12, 57.375]"},
	{"crop_pct", "0.875"}, {"mixup", "0.0"}, {"cutmix", "0.0"}, {"cutmix_prob", "1.0"}, {"aug_repeats", "0"},
	{"model", "mobilenet_v2_035_224"}, {"num_classes", "None"}, {"in_channels", "3"}, {"drop_rate", "None"},
	{"drop_path_rate", "None"}, {"pretrained", "False"}, {"ckpt_path", ""}, {"resume_opt", "False"},
	{"keep_checkpoint_max", "10"}, {"ckpt_save_dir", "./ckpt"}, {"ckpt_save_interval", "1"},
	{"ckpt_save_policy", "latest_k"}, {"epoch_size", "90"}, {"dataset_sink_mode", "True"}, {"ema", "False"},
	{"ema_decay", "0.9999"}, {"clip_grad", "False"}, {"clip_value", "15.0"}, {"layer_decay", "None"},
	{"gradient_accumulation_steps", "1"},
	{"opt", "adam"}, {"momentum", "0.9"}, {"weight_decay", "1.0e-06"}, {"use_nesterov", "False"},
	{"weight_decay_filter", "disable"}, {"eps", "1.0e-10"},
	{"scheduler", "cosine_decay"}, {"lr", "0.001"}, {"min_lr", "1.0e-06"}, {"warmup_epochs", "3"},
	{"warmup_factor", "0.0"}, {"decay_epochs", "100"}, {"decay_rate", "0.9"},
	{"multi_step_decay_milestones", "[30.0, 60.0, 90.0]"}, {"lr_epoch_stair", "False"}, {"num_cycles", "1"},
	{"cycle_decay", "1.0"},
	{"loss", "CE"}, {"label_smoothing", "0.0"}, {"aux_factor", "0.0"}, {"reduction", "mean"},
	{"amp_level", "O0"}, {"val_amp_level", "O0"}, {"amp_cast_list", "None"}, {"loss_scale_type", "fixed"},
	{"loss_scale", "1.0"}, {"drop_overflow_update", "False"}, {"eval_shuffle", "False"},
}

// ownDefaults are where we differ on purpose: the layer's own dropout instead of none said, the best device instead of
// one that most machines lack.
var ownDefaults = map[string]string{"drop_rate": "0.2", "device_target": "None"}

func TestDefaultsAreMindCVs(t *testing.T) {
	defaults := Defaults()
	var order []string
	for _, row := range mindcvDefaults {
		name, want := row[0], row[1]
		order = append(order, name)
		if own, ok := ownDefaults[name]; ok {
			want = own
		}
		opt, ok := Lookup(name)
		require.True(t, ok, "MindCV's option %s is missing", name)
		assert.Equal(t, want, opt.Format(&defaults), name)
	}
	var ours []string
	for _, opt := range Table() {
		if !opt.Ours && opt.Group != Cloud {
			ours = append(ours, opt.Name)
		}
	}
	assert.Equal(t, order, ours, "all of MindCV's options, in its order, and no other")
}

func TestChoicesAreMindCVs(t *testing.T) {
	for name, want := range map[string][]string{
		"mode":                {"0", "1"},
		"device_target":       {"Ascend", "GPU", "CPU"},
		"dataset":             {"imagenet", "cifar10", "cifar100", "mnist", "", "webdataset", "parquet", "shapes"},
		"opt":                 {"sgd", "momentum", "adam", "adamw", "lion", "rmsprop", "adagrad", "lamb", "nadam"},
		"weight_decay_filter": {"disable", "auto", "norm_and_bias"},
		"scheduler":           {"constant", "cosine_decay", "exponential_decay", "step_decay", "multi_step_decay", "one_cycle", "cyclic"},
		"loss":                {"BCE", "CE"},
		"reduction":           {"mean", "sum"},
		"amp_level":           {"O0", "O1", "O2", "O3", "auto"},
		"loss_scale_type":     {"fixed", "dynamic", "auto"},
	} {
		opt, ok := Lookup(name)
		require.True(t, ok, name)
		assert.Equal(t, want, opt.Choices, name)
	}
}

func TestRowsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	fields := map[any]string{}
	var o Options
	for _, opt := range Table() {
		assert.False(t, seen[opt.Name], "%s twice", opt.Name)
		seen[opt.Name] = true
		assert.Empty(t, fields[opt.at(&o)], "%s and another option share a field", opt.Name)
		fields[opt.at(&o)] = opt.Name
		assert.NotEmpty(t, opt.Help, opt.Name)
		assert.LessOrEqual(t, len(opt.Help), 100, "%s: help must fit a line", opt.Name)
		assert.Contains(t, Groups(), opt.Group, opt.Name)
		assert.True(t, opt.Acts != 0 || opt.Here != "", "%s acts nowhere and does not say why", opt.Name)
		if opt.Later != nil {
			assert.NotEmpty(t, opt.Later.What, opt.Name)
			assert.NotEmpty(t, opt.Later.Try, opt.Name)
			assert.NotEmpty(t, opt.Built(), opt.Name)
		}
	}
}

func TestEveryFieldIsAnOption(t *testing.T) {
	var o Options
	assert.Len(t, Table(), countFields(&o), "each exported field of Options belongs to one row")
}

func TestLookupTakesDashes(t *testing.T) {
	opt, ok := Lookup("batch-size")
	require.True(t, ok)
	assert.Equal(t, "batch_size", opt.Name)
	_, ok = Lookup("batch")
	assert.False(t, ok, "prefixes are the command line's matter")
}

func TestCommandsTakeWhatConcernsThem(t *testing.T) {
	names := func(c Command) (out []string) {
		for _, opt := range For(c) {
			out = append(out, opt.Name)
		}
		return out
	}
	assert.Equal(t, []string{"device", "format", "quiet", "verbose"}, names(Version))
	assert.Equal(t, []string{"check", "device", "format", "quick", "quiet", "steps", "verbose"}, slices.Sorted(slices.Values(names(Devices))))
	for _, row := range mindcvDefaults {
		assert.Contains(t, names(Train), row[0])
		assert.Contains(t, names(Validate), row[0])
	}
	for _, name := range []string{"image_path", "model", "ckpt_path", "logits", "topk", "device"} {
		assert.Contains(t, names(Predict), name)
	}
	assert.NotContains(t, names(Predict), "lr")
}
