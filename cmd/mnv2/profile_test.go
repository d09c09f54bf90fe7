package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/profile"
)

// TestProfileOfAShortRun profiles what a tiny run left: the table has a row for each part of the network, and nothing is written.
func TestProfileOfAShortRun(t *testing.T) {
	t.Chdir(t.TempDir())
	small := []string{"--num_samples", "64", "--image_resize", "32", "--batch_size", "16", "--epoch_size", "1", "--warmup_epochs", "0", "--decay_epochs", "1", "--threads", "1"}
	_, stderr, code := call(t, append([]string{"train", "--device", "cpu"}, small...)...)
	require.Zero(t, code, stderr)
	before, err := filepath.Glob("*/*")
	require.NoError(t, err)
	out, stderr, code := call(t, "validate", "--device", "cpu", "--threads", "1", "--batch_size", "16", "--profile", "2", "--format", "json")
	require.Zero(t, code, stderr)
	var table profile.Table
	require.NoError(t, json.Unmarshal([]byte(out), &table))
	assert.Equal(t, 2, table.Steps)
	assert.Positive(t, table.Step)
	var names []string
	for _, r := range table.Rows {
		names = append(names, r.Name)
		assert.Positive(t, r.Count, r.Name)
	}
	assert.Subset(t, names, []string{"convert images", "stem, inverted residual infer", "inverted residual infer", "head infer"})
	out, stderr, code = call(t, append([]string{"train", "--device", "cpu", "--profile", "2"}, small...)...)
	require.Zero(t, code, stderr)
	for _, want := range []string{"inverted residual forward", "inverted residual backward", "average pool backward", "dropout", "cross-entropy backward", "update momentum", "GFLOP/s"} {
		assert.Contains(t, out, want)
	}
	out, stderr, code = call(t, "predict", "--device", "cpu", "--threads", "1", "--profile", "1", "../nowhere.png")
	assert.Equal(t, 4, code, "%s%s", out, stderr)
	assert.Contains(t, stderr, "nowhere.png")
	after, err := filepath.Glob("*/*")
	require.NoError(t, err)
	assert.Equal(t, before, after)
}
