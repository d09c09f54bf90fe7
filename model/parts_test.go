package model_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/model"
)

// TestPathRates: those of timm 1.0.31, create_model("mobilenetv2_100", drop_path_rate=0.2).
func TestPathRates(t *testing.T) {
	_, _, tr, _ := training(t, backend.Momentum, model.TrainingOptions{DropPath: 0.2})
	want := []float64{0.023529411764705882, 0.047058823529411764, 0.058823529411764705, 0.0823529411764706, 0.09411764705882353, 0.10588235294117647,
		0.12941176470588237, 0.14117647058823532, 0.1647058823529412, 0.17647058823529413}
	assert.InDeltaSlice(t, want, tr.PathRates(), 1e-7)
}

// gradientsWith takes a step with drop path.
func gradientsWith(t *testing.T, rate float64, masks func(i int) byte) map[string][]float32 {
	t.Helper()
	_, s, tr, in := training(t, backend.Momentum, model.TrainingOptions{DropPath: rate})
	in.Paths = make([]byte, len(tr.PathRates())*testBatch)
	for i := range in.Paths {
		in.Paths[i] = masks(i)
	}
	require.NoError(t, tr.Take(in))
	g, err := s.Gradients()
	require.NoError(t, err)
	return g
}

func keepAll(int) byte { return 1 }

// A rate too small to scale anything leaves the network what it is, though it is run in parts then.
func TestDropPathThatKeepsAll(t *testing.T) {
	want, got := gradientsWith(t, 0, keepAll), gradientsWith(t, 1e-9, keepAll)
	for name, w := range want {
		difference, norm := 0.0, 0.0
		for i, v := range w {
			difference += math.Pow(float64(v-got[name][i]), 2)
			norm += math.Pow(float64(v), 2)
		}
		if strings.HasSuffix(name, ".beta") && norm < 1e-12 { // zero but for roundings
			continue
		}
		assert.LessOrEqual(t, math.Sqrt(difference), 1e-4*math.Sqrt(norm), name)
	}
}

// A branch that is dropped for all images learns nothing; its weights have gradients of exactly zero. Others do.
func TestDropPathThatDropsAll(t *testing.T) {
	g := gradientsWith(t, 0.5, func(i int) byte {
		if i < testBatch { // the first block with a residual: the third of all
			return 0
		}
		return 1
	})
	for name, v := range g {
		isZero := true
		for _, x := range v {
			isZero = isZero && x == 0
		}
		assert.Equal(t, strings.HasPrefix(name, "features.5."), isZero, name)
	}
}

func TestDropPathWantsMasks(t *testing.T) {
	_, _, tr, in := training(t, backend.Momentum, model.TrainingOptions{DropPath: 0.5})
	assert.ErrorContains(t, tr.Take(in), "bytes for drop path, want 20")
}
