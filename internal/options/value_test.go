package options

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSetReadsEveryForm(t *testing.T) {
	for _, c := range []struct{ option, text, want string }{
		{"ema", "TRUE", "True"}, {"ema", "yes", "True"}, {"ema", "1", "True"}, {"ema", "No", "False"}, {"ema", "0", "False"},
		{"ema", " off ", "False"},
		{"batch_size", "64", "64"}, {"batch_size", " 64 ", "64"}, {"batch_size", "1_024", "1024"}, {"epoch_size", "3.0", "3"},
		{"lr", "1e-3", "0.001"}, {"lr", "1", "1.0"}, {"lr", ".5", "0.5"}, {"lr", "4E-5", "4.0e-05"},
		{"scale", "0.08,1.0", "[0.08, 1.0]"}, {"scale", "[0.08, 1.0]", "[0.08, 1.0]"}, {"scale", "(0.5, 1,)", "[0.5, 1.0]"},
		{"mean", "127.5", "[127.5]"}, {"color_jitter", "none", "None"}, {"color_jitter", "0.4, 0.4, 0.4, 0.1", "[0.4, 0.4, 0.4, 0.1]"},
		{"multi_step_decay_milestones", "[]", "[]"},
		{"num_samples", "None", "None"}, {"num_samples", "10", "10"}, {"drop_rate", "None", "0.2"}, {"drop_rate", "0", "0.0"},
		{"drop_path_rate", "null", "None"}, {"ckpt_save_policy", "None", "None"}, {"auto_augment", "", "None"},
		{"ckpt_path", "None", ""}, {"ckpt_path", " a b ", " a b "}, {"data_dir", "", ""},
		{"dataset", "", ""}, {"dataset", "CIFAR10", "cifar10"}, {"device_target", "cpu", "CPU"}, {"loss", "ce", "CE"},
		{"interpolation", "Bilinear", "bilinear"}, {"opt", "adan", "adan"}, {"aug_splits", "3", "3"},
		{"re_value", "random", "random"}, {"re_value", "[1, 2, 3]", "[1, 2, 3]"},
	} {
		t.Run(c.option+" "+c.text, func(t *testing.T) {
			o := Defaults()
			opt, ok := Lookup(c.option)
			require.True(t, ok)
			require.NoError(t, opt.Set(&o, c.text))
			assert.Equal(t, c.want, opt.Format(&o))
		})
	}
}

func TestSetSaysWhatIsExpected(t *testing.T) {
	for _, c := range []struct{ option, text, want string }{
		{"ema", "maybe", `must be true or false (also yes, no, 1, 0), not "maybe"`},
		{"batch_size", "1.5", `must be a whole number, not "1.5"`},
		{"batch_size", "many", `must be a whole number, not "many"`},
		{"batch_size", "0", `must be at least 1 and at most 1048576, not 0`},
		{"batch_size", "99999999999999999999", `must be a whole number, not "99999999999999999999"`},
		{"seed", "-1", `must be at least 0 and at most 4294967295, not -1`},
		{"lr", "fast", `must be a finite number, not "fast"`},
		{"lr", "nan", `must be a finite number, not "nan"`},
		{"lr", "-0.1", `must be at least 0, not -0.1`},
		{"crop_pct", "0", `must be above 0 and at most 1, not 0`},
		{"drop_rate", "1", `must be at least 0 and below 1, not 1`},
		{"scale", "0.5", `must have 2 numbers, not 1`},
		{"scale", "[0.5, 1", `must be numbers such as 0.5,1.0 or [0.5, 1.0], not "[0.5, 1"`},
		{"scale", "a,b", `must be a finite number, not "a"`},
		{"color_jitter", "1,2", `must have 1, 3 or 4 numbers, not 2`},
		{"std", "0,1,1", `must be above 0, not 0`},
		{"opt", "adm", `must be sgd, momentum, adam, adamw, lion, rmsprop, adagrad, lamb or nadam, not "adm"; did you mean adam?`},
		{"loss", "hinge", `must be BCE or CE, not "hinge"`},
		{"mode", "2", `must be 0 or 1, not "2"`},
		{"ckpt_save_policy", "newest", `must be top_k, latest_k or None, not "newest"`},
		{"dataset", "coco", `must be imagenet, cifar10, cifar100, mnist, "", webdataset, parquet or shapes, not "coco"`},
	} {
		t.Run(c.option+" "+c.text, func(t *testing.T) {
			o := Defaults()
			before := o
			opt, ok := Lookup(c.option)
			require.True(t, ok)
			require.EqualError(t, opt.Set(&o, c.text), c.want)
			assert.Equal(t, before, o, "a value that does not fit changes nothing")
		})
	}
}

func TestFormatReadsBack(t *testing.T) {
	o := Defaults()
	for _, opt := range Table() {
		var back Options
		require.NoError(t, opt.Set(&back, opt.Format(&o)), opt.Name)
		assert.Equal(t, opt.Format(&o), opt.Format(&back), opt.Name)
	}
}

func TestFormatFloatIsAFloatInEveryYAML(t *testing.T) {
	for v, want := range map[float64]string{0: "0.0", 1: "1.0", 0.4: "0.4", 1e-6: "1.0e-06", 4e-5: "4.0e-05", 1e21: "1.0e+21", 1024: "1024.0"} {
		assert.Equal(t, want, formatFloat(v))
	}
}

func TestNearest(t *testing.T) {
	names := []string{}
	for _, opt := range Table() {
		names = append(names, opt.Name)
	}
	for word, want := range map[string]string{
		"batch_sizes": "batch_size", "batchsize": "batch_size", "LR": "lr", "label-smothing": "label_smoothing",
		"learning_rate": "lr", "epochs": "epoch_size", "workers": "num_parallel_workers", "filter": "resize_filter",
		"mometnum": "momentum", "": "", "zzzzzz": "", "x": "",
	} {
		assert.Equal(t, want, Nearest(word, names), word)
	}
	assert.Empty(t, Nearest("anything", nil))
}
