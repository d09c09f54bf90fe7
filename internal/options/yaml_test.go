package options

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// loadYAML loads text under the name r.yaml.
func loadYAML(text string) (Options, []Notice, error) {
	o := Defaults()
	list, err := readYAML("r.yaml", []byte(text))
	if err != nil {
		return o, nil, err
	}
	notices, err := o.apply(list, FromFile)
	return o, notices, err
}

func TestYAMLValuesAreConverted(t *testing.T) {
	for _, c := range []struct{ yaml, option, want string }{
		{`batch_size: "64"`, "batch_size", "64"}, {"lr: 1e-3", "lr", "0.001"}, {"lr: 1", "lr", "1.0"}, {`val_while_train: "False"`, "val_while_train", "False"},
		{"val_while_train: yes", "val_while_train", "True"}, {"shuffle: off", "shuffle", "False"}, {"ema: 1", "ema", "True"},
		{"drop_overflow_update: 'False'", "drop_overflow_update", "False"}, {"eval_shuffle: 0", "eval_shuffle", "False"},
		{"num_classes: null", "num_classes", "None"}, {"num_classes: ~", "num_classes", "None"}, {"num_classes:", "num_classes", "None"},
		{"num_classes: None", "num_classes", "None"}, {"drop_rate: null", "drop_rate", "0.2"}, {"pretrained: null", "pretrained", "False"},
		{"ckpt_path: null", "ckpt_path", ""}, {"ckpt_path: 007", "ckpt_path", "007"}, {"model: 2024-01-01", "model", "2024-01-01"},
		{"color_jitter: null", "color_jitter", "None"}, {"color_jitter: [0.4, 0.4, 0.4]", "color_jitter", "[0.4, 0.4, 0.4]"},
		{"scale:\n- 0.1\n- 1", "scale", "[0.1, 1.0]"}, {"scale: '[0.1, 1]'", "scale", "[0.1, 1.0]"}, {"scale: 0.1, 1", "scale", "[0.1, 1.0]"},
		{"batch_size: 0x10", "batch_size", "16"}, {"batch_size: 1_000", "batch_size", "1000"}, {"epoch_size: 3.0", "epoch_size", "3"},
		{"scheduler: polynomial_decay", "scheduler", "polynomial_decay"}, {"loss: asl_single_label", "loss", "asl_single_label"},
		{"ckpt_save_policy: null", "ckpt_save_policy", "None"}, {"re_value: [1, 2, 3]", "re_value", "[1, 2, 3]"}, {"re_value: random", "re_value", "random"},
		{"lr: &x 0.5\nmin_lr: *x", "min_lr", "0.5"}, {"mean: &m [1, 2, 3]\nstd: *m", "std", "[1.0, 2.0, 3.0]"}, {"config: old.yaml", "config", ""},
		{"dataset: ''", "dataset", ""}, {"---\nlr: 0.5\n...\n", "lr", "0.5"}, {"%YAML 1.1\n---\nlr: 0.5\n", "lr", "0.5"},
		{"\ufefflr: 0.5", "lr", "0.5"}, {"lr: 0.5\r\nmin_lr: 0.1\r\n", "lr", "0.5"},
	} {
		t.Run(c.yaml, func(t *testing.T) {
			o, _, err := loadYAML(c.yaml)
			require.NoError(t, err)
			opt, ok := Lookup(c.option)
			require.True(t, ok)
			assert.Equal(t, c.want, opt.Format(&o))
		})
	}
}

func TestYAMLProblemsHaveAPlace(t *testing.T) {
	for _, c := range []struct{ name, yaml, want string }{
		{"unknown keys", "lr: 0.1\nbatch_sizes: 7\n  \nnosuchthing: 1\nlearning_rate: 3\n",
			"r.yaml:2:14: unknown key batch_sizes; did you mean batch_size?; r.yaml:4:14: unknown key nosuchthing; r.yaml:5:16: unknown key learning_rate; did you mean lr?"},
		{"wrong types", "lr: fast\nbatch_size: 1.5\nema: [1]\nscale: 3\n",
			`r.yaml:1:5: lr: must be a finite number, not "fast"; r.yaml:2:13: batch_size: must be a whole number, not "1.5"; r.yaml:3:6: ema: must be true or false (also yes, no, 1, 0), not "[1]"; r.yaml:4:8: scale: must have 2 numbers, not 1`},
		{"choices", "opt: adm", "r.yaml:1:6: opt: must be sgd, momentum, adam, adamw, lion, rmsprop, adagrad, lamb or nadam, not \"adm\"; did you mean adam?"},
		{"null", "batch_size: null", "r.yaml:1:13: batch_size: must have a value, not null"},
		{"null list", "scale: null", "r.yaml:1:8: scale: must have a value, not null"},
		{"null choice", "opt: null", "r.yaml:1:6: opt: must have a value: sgd, momentum, adam, adamw, lion, rmsprop, adagrad, lamb or nadam"},
		{"mapping", "lr: {a: 1}", "r.yaml:1:1: lr: must be a value or a list, not a mapping"},
		{"nested list", "scale: [[1, 2]]", "r.yaml:1:1: scale: must be a list of plain values"},
		{"list with null", "scale: [null, 1]", "r.yaml:1:1: scale: must be a list of plain values"},
		{"infinite", "lr: .inf", `r.yaml:1:5: lr: must be a finite number, not "+Inf"`},
		{"merge key", "<<: {lr: 1}", "r.yaml:1:1: <<: merge keys are not supported; write the values out"},
		{"odd key", "[a, b]: 1", "r.yaml:1:1: a key must be a plain word"},
		{"python tag", "lr: !!python/object:os.system x", "r.yaml:1:1: lr: tag !!python/object:os.system is not understood"},
		{"command line only", "force: True", "r.yaml:1:8: force: belongs on the command line, not in a file"},
		{"empty", "", "r.yaml: is empty; expected lines of the form `key: value`"},
		{"comment only", "# nothing\n", "r.yaml: is empty; expected lines of the form `key: value`"},
		{"null document", "null", "r.yaml: is empty; expected lines of the form `key: value`"},
		{"text", "just a text", "r.yaml:1:1: expected lines of the form `key: value`"},
		{"list", "- lr: 1", "r.yaml:1:1: expected lines of the form `key: value`"},
		{"two documents", "lr: 1\n---\nlr: 2\n", "r.yaml: holds several documents; put one recipe into a file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := loadYAML(c.yaml)
			var usage *UsageError
			require.ErrorAs(t, err, &usage)
			assert.Equal(t, c.want, err.Error())
		})
	}
}

func TestYAMLSyntaxErrorsHaveAPlace(t *testing.T) {
	for name, text := range map[string]string{
		"bracket": "lr: 0.1\nscale: [0.1\nopt: sgd\n", "tab": "lr:\n\t0.1", "duplicate": "lr: 1\nlr: 2\n", "quote": "model: 'x\n",
		"alias": "lr: *nowhere", "bytes": "lr: \xff\xfe", "control": "lr: \x00\x01",
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := loadYAML(text)
			var usage *UsageError
			require.ErrorAs(t, err, &usage)
			assert.Regexp(t, `^r\.yaml(:\d+:\d+)?: `, err.Error())
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestYAMLAliasBombStaysSmall(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 30; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	b.WriteString("scale: *a29\n")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := loadYAML(b.String())
	runtime.ReadMemStats(&after)
	var usage *UsageError
	require.ErrorAs(t, err, &usage)
	assert.LessOrEqual(t, len(usage.Lines()), maxProblems+1)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20), "bytes allocated")
}

func TestYAMLSizeLimits(t *testing.T) {
	_, _, err := loadYAML("# " + strings.Repeat("x", maxYAML) + "\nlr: 1\n")
	require.ErrorContains(t, err, "larger than 1048576 bytes")
	_, _, err = loadYAML("scale: [" + strings.Repeat("1,", maxList) + "1]")
	require.ErrorContains(t, err, "at most 1024 elements")
	_, _, err = loadYAML("model: " + strings.Repeat("x", 5000))
	require.ErrorContains(t, err, "longer than 4096 bytes")
	_, _, err = loadYAML("scale: " + strings.Repeat("[", 200000))
	require.Error(t, err)
	_, _, err = loadYAML(strings.Repeat("x", 3000) + ": 1")
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 200, "long keys are cut")
}

func TestYAMLProblemsAreLimited(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "zz%d: 1\n", i)
	}
	_, _, err := loadYAML(b.String())
	var usage *UsageError
	require.ErrorAs(t, err, &usage)
	require.Len(t, usage.Lines(), maxProblems+1)
	assert.Equal(t, "and 80 more", usage.Lines()[maxProblems])
}

func FuzzYAML(f *testing.F) {
	for _, seed := range []string{
		"", "lr: 0.1\nscale: [0.08, 1.0]\n", "a: &a [*a]", "a: &a {b: *a}", "<<: *x", "? [a]\n: b", "lr: !!binary AAAA", "lr: !!float x",
		"\ufefflr: 1", "lr: |\n  text\n", "lr: 'a\n b'", "---\n---\n", "%TAG ! x\n--- lr", "lr: 1 # c\n# d\n", "{lr: 1, opt: sgd}", "lr: *a\n", "&a lr: 1",
		"filter_bias_and_bn: maybe", "batch_size: 0b11", "num_samples: -0o7", "lr: .nan", "\xff\xfel\x00", "seed: 1_0", "\x85\u2028",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o := Defaults()
		list, err := readYAML("f.yaml", text)
		if err == nil {
			_, err = o.apply(list, FromFile)
		}
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		saved, err := Marshal(&o)
		require.NoError(t, err)
		again := Defaults()
		list, err = readYAML("saved.yaml", saved)
		require.NoError(t, err, "%s", saved)
		_, err = again.apply(list, FromFile)
		require.NoError(t, err, "%s", saved)
		for _, opt := range Table() {
			if !opt.Flag && opt.Group != Cloud {
				require.Equal(t, opt.Format(&o), opt.Format(&again), opt.Name)
			}
		}
	})
}
