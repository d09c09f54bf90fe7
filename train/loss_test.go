package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data"
	"mnv2/data/augment"
	"mnv2/data/shapes"
)

// splitLoader makes three pictures of each sample.
func splitLoader(t *testing.T, splits int, mix augment.Mix) *data.Loader {
	t.Helper()
	set, err := shapes.New("train", shapes.Options{Size: 40, Train: 12})
	require.NoError(t, err)
	policy, _, err := augment.ParsePolicy("augmix-m3-w3", augment.PolicyConfig{Mean: []float64{128, 128, 128}})
	require.NoError(t, err)
	l, err := data.NewLoader(data.LoaderConfig{Dataset: set, Batch: 4, Size: 32, Channels: 3, Seed: 7, Train: true, Workers: 1, Splits: splits, Mix: mix,
		Transform: augment.Train{Size: 32, Scale: [2]float64{0.5, 1}, Ratio: [2]float64{0.9, 1.1}, Policy: policy}})
	require.NoError(t, err)
	return l
}

// Every loss is learned: one batch, over and over. The last stage sees one pixel of a few rows, so that single steps jump and differ from
// one set of kernels to the next: the median of the last ten is compared.
func TestEveryLossIsLearned(t *testing.T) {
	for name, splits := range map[string]int{"CE": 3, "BCE": 1, "asl_single_label": 1, "asl_multi_label": 3, "jsd": 3} {
		t.Run(name, func(t *testing.T) {
			o, in, _ := small(t)
			emptyFolder(t, &o)
			o.Loss = name
			in.Train = splitLoader(t, splits, augment.Mix{})
			in.Arch.DropRate = 0
			rate := 0.001
			if name == "asl_multi_label" {
				rate /= 12 // it is a sum over the rows
			}
			run, err := newTrial(o, in, slices.Repeat([]float64{rate}, 40))
			require.NoError(t, err)
			defer func() { assert.NoError(t, run.close()) }()
			it := in.Train.Epoch(context.Background(), 0, 0)
			defer it.Close()
			b, err := it.Next()
			require.NoError(t, err)
			defer it.Release(b)
			var losses []float64
			for range 40 {
				loss, err := run.take(b)
				require.NoError(t, err)
				losses = append(losses, loss)
			}
			end := slices.Sorted(slices.Values(losses[30:]))
			assert.Less(t, (end[4]+end[5])/2, 0.7*losses[0], "%.3v", losses)
		})
	}
}

func TestLossRefuses(t *testing.T) {
	_, err := newLoss("mse", false, 1)
	assert.ErrorContains(t, err, `loss "mse"`)
	_, err = newLoss("jsd", false, 1)
	assert.ErrorContains(t, err, "aug_splits 3")
}

// As in MindCV, asl_multi_label is a sum and asl_single_label a mean whatever the reduction is.
func TestReduction(t *testing.T) {
	rows := []float32{1, 2, 6}
	for _, c := range []struct {
		name string
		sum  bool
		want float64
	}{{"CE", false, 3}, {"CE", true, 9}, {"BCE", true, 9}, {"asl_multi_label", false, 9}, {"asl_single_label", true, 3}, {"jsd", false, 9}, {"jsd", true, 9}} {
		l, err := newLoss(c.name, c.sum, 3)
		require.NoError(t, err)
		assert.Equal(t, c.want, l.of(rows), "%s sum %t", c.name, c.sum)
	}
}

// Two classes, by hand.
func TestBinaryLossOfARow(t *testing.T) {
	plain, smoothed := binaryLoss([]float32{2, -1}, 0, 0.2)
	wrong := func(x float64) float64 { return math.Log1p(math.Exp(x)) } // loss of a class that is not wanted
	assert.InDelta(t, (wrong(2)-2+wrong(-1))/2, plain, 1e-12)
	assert.InDelta(t, (wrong(2)-2*0.9+wrong(-1)+0.1)/2, smoothed, 1e-12)
}

func TestTargets(t *testing.T) {
	var rows targets
	l := splitLoader(t, 1, augment.Mix{Mixup: 1, Prob: 1})
	it := l.Epoch(context.Background(), 0, 0)
	defer it.Close()
	b, err := it.Next()
	require.NoError(t, err)
	rows.fill(b, 10)
	mixed := 0
	for i := range b.Rows() {
		sum := float32(0)
		for _, v := range rows.rows[i*10 : i*10+10] {
			sum += v
		}
		assert.InDelta(t, 1, sum, 1e-6)
		if b.Labels[i] != b.Partners[i] {
			mixed++
			assert.Equal(t, b.Lambda[i], rows.rows[i*10+int(b.Labels[i])])
			assert.Equal(t, 1-b.Lambda[i], rows.rows[i*10+int(b.Partners[i])])
		}
	}
	assert.Positive(t, mixed)
	it.Release(b)
}
