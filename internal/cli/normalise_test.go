package cli

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/options"
)

func TestNormalise(t *testing.T) {
	app := App{Commands: declarations()}
	for _, c := range []struct{ line, want string }{
		{"train", "train"},
		{"train --lr 0.1", "train|--lr=0.1"},
		{"train --lr=0.1 --ema", "train|--lr=0.1|--ema=true"},
		{"train --batch 8 --label-smoothing 0.1", "train|--batch_size=8|--label_smoothing=0.1"},
		{"train --distribute False --lr 0.2", "train|--distribute=false|--lr=0.2"},
		{"train --distribute --lr 0.2", "train|--distribute=true|--lr=0.2"},
		{"train --ema YES --shuffle 0", "train|--ema=true|--shuffle=false"},
		{"train --drop_overflow_update False", "train|--drop_overflow_update=false"},
		{"train -c x.yaml", "train|--config=x.yaml"}, {"train -cx.yaml", "train|--config=x.yaml"}, {"train -c=x.yaml", "train|--config=x.yaml"},
		{"train -ckpt_path x", "train|--ckpt_path=x"}, {"train -q", "train|--quiet=true"},
		{"train --scale [0.08, 1.0] --lr 1", "train|--scale=[0.08, 1.0]|--lr=1"},
		{"train --scale=(0.08, 1.0)", "train|--scale=(0.08, 1.0)"}, {"train --scale 0.08,1.0", "train|--scale=0.08,1.0"},
		{"train --lr -1", "train|--lr=-1"}, {"train --lr -.5", "train|--lr=-.5"}, {"train --ckpt_path=-x", "train|--ckpt_path=-x"},
		{"train --filter_bias_and_bn False", "train|--filter_bias_and_bn=false"},
		{"--device cpu train", "train|--device=cpu"}, {"train --device cpu", "train|--device=cpu"}, {"--dev cpu --format=json train --lr 1", "train|--device=cpu|--format=json|--lr=1"},
		{"predict a.jpg --logits b.png", "predict|--logits=true|--|a.jpg|b.png"}, {"infer a.jpg --ckpt_path w", "predict|--ckpt_path=w|--|a.jpg"},
		{"predict -- --a.jpg -b", "predict|--|--a.jpg|-b"}, {"predict - -1", "predict|--|-|-1"}, {"predict --ckpt_path - x", "predict|--ckpt_path=-|--|x"},
		{"predict --", "predict"}, {"convert a b", "convert|--|a|b"},
		{"", "help"}, {"--help", "help"}, {"help train", "help|train"}, {"train --help all", "help|train|all"}, {"--version", "version"},
	} {
		t.Run(c.line, func(t *testing.T) {
			got, err := Normalise(app, strings.Fields(c.line))
			require.NoError(t, err)
			assert.Equal(t, strings.Split(c.want, "|"), got)
			again, err := Normalise(app, got)
			require.NoError(t, err)
			assert.Equal(t, got, again)
		})
	}
}

func TestUsageErrorsAreGolden(t *testing.T) {
	var seen Invocation
	var b strings.Builder
	for _, line := range []string{
		"trian", "frobnicate", "--devcie cpu train", "--lr 1 train", "--device cpu", "help trian", "help train twice all",
		"train --batch_sizes 8", "train --epochs 3", "train --nosuch", "train --re_ 1", "train --m 1", "train --lr", "train --lr --ema",
		"train --lr abc", "train --ema=maybe", "train --scale [0.08, 1.0 --lr 1", "train --scale 1", "train here", "train --opt adm", "train --opt adan",
		"train --config nosuch.yaml", "train --topk 3", "convert a", "convert a b c", "predict --lr 1", "train --format xml", "train --lr -1", "--", "-x",
		"train --color_jitter=0.4,0.4", "version --nosuch", "train --opt adan --amp_cast_list [nn.Conv2d] --dataset shapes", "train --lr x --batch_size y",
		"train --format json --opt adan",
	} {
		out, errs, code := runMain(t, declared(&seen), strings.Fields(line)...)
		assert.Equal(t, Usage, code, line)
		assert.Empty(t, out, line)
		b.WriteString("$ mnv2 " + line + "\n" + errs)
	}
	golden(t, "usage_errors.txt", b.String())
}

// TestNormaliseKeepsEveryValue builds random lines from the table in random spellings and expects each value back.
func TestNormaliseKeepsEveryValue(t *testing.T) {
	app := App{Commands: declarations()}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		c := &app.Commands[rng.IntN(3)]
		line, want, args := []string{c.Name}, []string{c.Name}, []string{}
		for range rng.IntN(6) {
			o := c.options()[rng.IntN(len(c.options()))]
			words, value := spell(rng, o)
			line, want = append(line, words...), append(want, "--"+o.Name+"="+value)
			if c.MaxArgs != 0 && rng.IntN(3) == 0 {
				line, args = append(line, "img.jpg"), append(args, "img.jpg")
			}
		}
		if len(args) > 0 {
			want = append(append(want, "--"), args...)
		}
		got, err := Normalise(app, line)
		require.NoError(t, err, "%q", line)
		require.Equal(t, want, got, "%q", line)
	}
}

// spell writes an option in one of its forms and returns the value that it must come out with.
func spell(rng *rand.Rand, o *options.Option) (words []string, value string) {
	name := "--" + o.Name
	if rng.IntN(2) == 0 {
		name = strings.ReplaceAll(name, "_", "-")
	}
	switch o.Kind() {
	case options.Bool:
		form := []string{"", "True", "no", "1", "FALSE"}[rng.IntN(5)]
		value = map[string]string{"": "true", "True": "true", "no": "false", "1": "true", "FALSE": "false"}[form]
		if form == "" {
			return []string{name}, value
		}
		if rng.IntN(2) == 0 {
			return []string{name + "=" + form}, value
		}
		return []string{name, form}, value
	case options.Number:
		if rng.IntN(2) == 0 {
			return []string{name, "[0.1,", "0.2]"}, "[0.1, 0.2]"
		}
	}
	value = []string{"7", "-3", "a b", "x=y", "--"}[rng.IntN(5)]
	if value == "--" || rng.IntN(2) == 0 {
		return []string{name + "=" + value}, value
	}
	return []string{name, value}, value
}

func FuzzNormalise(f *testing.F) {
	app := App{Commands: declarations()}
	for _, seed := range []string{"train\n--lr\n0.1", "predict\n--\n-a", "--device\ncpu\ntrain\n--ema\nFalse", "help\ntrain\nall", "-", "-c", "-c=", "-cx",
		"train\n--scale\n[1,\n2]", "train\n---lr=1", "train\n--=x", "train\n--", "--help", "train\n-h\nall", "--version\nall", "train\n--lr=", "train\n--help=x", "\xff", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Normalise(app, strings.Split(text, "\n"))
		if err != nil {
			var usage *options.UsageError
			require.ErrorAs(t, err, &usage)
			require.Nil(t, got)
			return
		}
		again, err := Normalise(app, got)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}
