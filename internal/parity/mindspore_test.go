package parity

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/golden"
	"mnv2/model"
	"mnv2/weights"
)

// TestMindSporeCheckpoint reads a network that the real MindSpore saved and compares the logits with MindSpore's own.
// The other direction, a file of ours in MindSpore, is what testdata/golden/check_mindspore.py is for.
func TestMindSporeCheckpoint(t *testing.T) {
	f, err := weights.Open(filepath.Join("..", "..", "testdata", "golden", "mindspore", "mobilenet_v2_035_224.ckpt"))
	require.NoError(t, err)
	assert.Equal(t, model.MindCV, f.Naming)
	assert.Equal(t, model.Config{Width: 0.35, Classes: 10, InChannels: 3}, f.Config)
	a, err := model.New(f.Config)
	require.NoError(t, err)
	fit, err := f.Fit(a, false)
	require.NoError(t, err)
	assert.Empty(t, fit.Missing)
	assert.Empty(t, fit.Unused)

	const batch, size, classes = 2, 64, 10
	net := place(t, a, fit.Values, batch, size)
	logits := make([]float32, batch*classes)
	require.NoError(t, net.Logits(logits, golden.Images("mindspore", batch, size), batch))
	want := golden.Load(t, "mindspore/logits.safetensors").Float64("logits")
	assert.Less(t, farthest(logits, want, nil), closeness*spread(want))
}
