package ref

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

// lossCases are what testdata/golden/make_losses.py wrote.
type lossCases struct {
	Logits  [][]float64
	Labels  []int
	Targets [][]float64
	Cases   []struct {
		Loss      string
		Smoothing float32
		Reduction string
		Soft      bool
		Value     float64
		Grad      [][]float64
	}
}

func loadLosses(t *testing.T) (c lossCases) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/golden/losses.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &c))
	return c
}

var lossKinds = map[string]backend.LossKind{"BCE": backend.BinaryCrossEntropy, "asl_single_label": backend.AsymmetricSingle,
	"asl_multi_label": backend.AsymmetricMulti, "jsd": backend.JensenShannon, "timm jsd": backend.JensenShannon}

// TestLosses compares values and gradients with MindCV's, which are float32, and with timm's, which are float64.
func TestLosses(t *testing.T) {
	golden := loadLosses(t)
	n, classes := len(golden.Logits), len(golden.Logits[0])
	matrix := func(rows [][]float64) *Tensor {
		m := New(backend.Matrix(backend.F32, n, classes))
		for i, row := range rows {
			copy(m.V[i*classes:], row)
		}
		return m
	}
	labels := New(backend.Matrix(backend.F32, n, classes))
	for i, c := range golden.Labels {
		labels.V[i*classes+c] = 1
	}
	for _, c := range golden.Cases {
		t.Run(fmt.Sprintf("%s smoothing %g %s soft=%t", c.Loss, c.Smoothing, c.Reduction, c.Soft), func(t *testing.T) {
			target := labels
			if c.Soft {
				target = matrix(golden.Targets)
			}
			isMean := c.Reduction == "mean"
			one := New(backend.Vec(backend.F32, 1))
			one.V[0] = 1
			loss, dx := New(backend.Vec(backend.F32, n)), New(backend.Matrix(backend.F32, n, classes))
			var op backend.Op = backend.ClassLoss{Kind: lossKinds[c.Loss], DType: backend.F32, Layout: backend.NCHW, N: n, C: classes,
				Smoothing: c.Smoothing, Mean: isMean}
			if c.Loss == "CE" {
				op = backend.SoftmaxCrossEntropy{Pass: backend.Backward, DType: backend.F32, Layout: backend.NCHW, N: n, C: classes,
					Smoothing: c.Smoothing, Soft: true, Mean: isMean}
			}
			require.NoError(t, Run(op, []*Tensor{matrix(golden.Logits), target, one, loss, dx}))
			total, samples := 0.0, n
			for _, v := range loss.V {
				total += v
			}
			if lossKinds[c.Loss] == backend.JensenShannon {
				samples /= backend.JensenShannonViews
			}
			if isMean {
				total /= float64(samples)
			}
			assert.InDelta(t, c.Value, total, 1e-6*float64(samples)*(1+c.Value))
			if c.Loss == "jsd" { // MindSpore has no gradient of the divergence: see backend.ClassLoss
				return
			}
			for i, row := range c.Grad {
				assert.InDeltaSlice(t, row, dx.V[i*classes:(i+1)*classes], 2e-6)
			}
		})
	}
}
