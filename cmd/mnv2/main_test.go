package main

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/cli"
)

// call runs the program on args and returns what it printed and its exit code.
func call(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = cli.Main(context.Background(), args, &out, &errs, app())
	return out.String(), errs.String(), code
}

func TestExamplesParse(t *testing.T) {
	require.NoError(t, app().CheckExamples())
}

func TestCommandLineDocumentIsCurrent(t *testing.T) {
	const path = "../../docs/cli.md"
	if os.Getenv("MNV2_WRITE_DOCS") != "" {
		require.NoError(t, os.WriteFile(path, []byte(app().Markdown()), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, string(want) == app().Markdown(), "%s is out of date: make docs writes it anew", path)
}

func TestUsageErrors(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"trian"}, cli.Usage, "train"},
		{[]string{"train", "--lerning_rate", "1"}, cli.Usage, "lerning_rate"},
		{[]string{"train", "--opt", "adan"}, cli.Usage, "adan"},
		{[]string{"validate", "--device", "tpu"}, cli.Usage, "auto, cpu, cuda[:N] or ascend[:N]"},
		{[]string{"predict"}, cli.Usage, "no picture"},
		{[]string{"convert", "a.ckpt"}, cli.Usage, "convert"},
		{[]string{"convert", "a.ckpt", "b.h5"}, cli.Usage, "b.h5"},
		{[]string{"convert", "a.ckpt", "b.tflite"}, cli.Usage, "tflite"},
		{[]string{"convert", "nowhere.ckpt", "b.pth"}, cli.BadData, "nowhere.ckpt"},
		{[]string{"validate", "--ckpt_path", "nowhere.ckpt"}, cli.BadData, "nowhere.ckpt"},
		{[]string{"train", "--dataset", "imagenet", "--data_dir", "nowhere", "--opt", "momentum"}, cli.BadData, "nowhere"},
		{[]string{"train", "--model", "resnet50"}, cli.Usage, "mobilenet_v2_100"},
	} {
		t.Run(c.args[0], func(t *testing.T) {
			t.Chdir(t.TempDir())
			_, stderr, code := call(t, c.args...)
			assert.Equal(t, c.code, code, stderr)
			assert.Contains(t, stderr, c.want)
		})
	}
}
