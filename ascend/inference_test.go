//go:build cgo && linux

package ascend

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/internal/shareddata"
	"mnv2/model"
	"mnv2/weights"
)

// logits runs the published ImageNet weights on one random picture.
func logits(t *testing.T, open func() (backend.Backend, error), dtype backend.DType) []float32 {
	t.Helper()
	f, err := weights.Open(shareddata.Path(t, "weights/mobilenet_v2_100-imagenet.pth"))
	require.NoError(t, err)
	a, err := model.New(f.Config)
	require.NoError(t, err)
	fit, err := f.Fit(a, false)
	require.NoError(t, err)
	b, err := open()
	require.NoError(t, err)
	defer func() { assert.NoError(t, b.Close()) }()
	p, err := model.NewParameters(b, a, nil)
	require.NoError(t, err)
	defer func() { assert.NoError(t, p.Close()) }()
	require.NoError(t, p.Store(fit.Values))
	const size = 96
	net, err := model.NewInference(p, model.InferenceOptions{Batch: 1, Size: size, DType: dtype, Normalization: imageNet})
	require.NoError(t, err)
	defer func() { assert.NoError(t, net.Close()) }()
	picture, rng := make([]byte, size*size*3), rand.New(rand.NewPCG(3, 3))
	for i := range picture {
		picture[i] = byte(rng.Uint32())
	}
	out := make([]float32, 1000)
	require.NoError(t, net.Logits(out, picture, 1))
	return out
}

// TestPublishedWeights compares logits with the CPU's, in units of their deviation over the classes: in float32 on A2, and
// where operands or activations are rounded by as much as 53 layers that round once to the 11 bits of float16, or the 8 of bfloat16.
func TestPublishedWeights(t *testing.T) {
	want := logits(t, openCPU, backend.F32)
	var sum, squares float64
	for _, v := range want {
		sum, squares = sum+float64(v), squares+float64(v)*float64(v)
	}
	n := float64(len(want))
	deviation := math.Sqrt(squares/n - sum/n*sum/n)
	for _, c := range []struct {
		soc     string
		options Options
		dtype   backend.DType
		allowed float64
	}{
		{"Ascend910B1", Options{}, backend.F32, 1e-4},
		{"Ascend910B1", Options{}, backend.F16, 53 * 0x1p-11},
		{"Ascend910B1", Options{}, backend.BF16, 53 * 0x1p-8},
		{"Ascend910A", Options{AllowDown: true}, backend.F32, 53 * 0x1p-11},
		{"Ascend910A", Options{}, backend.F16, 53 * 0x1p-11},
		{"Ascend310P3", Options{AllowDown: true}, backend.F32, 53 * 0x1p-11},
		{"Ascend310P3", Options{}, backend.F16, 53 * 0x1p-11},
	} {
		t.Run(fmt.Sprintf("%s %v down=%t", c.soc, c.dtype, c.options.AllowDown), func(t *testing.T) {
			standIn(t, c.soc)
			got := logits(t, func() (backend.Backend, error) { return Open(0, c.options) }, c.dtype)
			worst := 0.0
			for i, v := range want {
				worst = max(worst, math.Abs(float64(got[i]-v))/deviation)
			}
			t.Logf("off by %.3g deviations, allowed are %.3g", worst, c.allowed)
			assert.Less(t, worst, c.allowed)
		})
	}
}
