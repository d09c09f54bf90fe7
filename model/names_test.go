package model

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRenameFollowsThePublishedTable(t *testing.T) {
	for _, c := range [][3]string{
		{"features.0.weight", "features.0.0.weight", "conv_stem.weight"},
		{"features.1.gamma", "features.0.1.weight", "bn1.weight"},
		{"features.1.moving_mean", "features.0.1.running_mean", "bn1.running_mean"},
		{"features.3.layers.0.weight", "features.1.conv.0.0.weight", "blocks.0.0.conv_dw.weight"},
		{"features.3.layers.1.beta", "features.1.conv.0.1.bias", "blocks.0.0.bn1.bias"},
		{"features.3.layers.3.weight", "features.1.conv.1.weight", "blocks.0.0.conv_pw.weight"},
		{"features.3.layers.4.gamma", "features.1.conv.2.weight", "blocks.0.0.bn2.weight"},
		{"features.4.layers.0.weight", "features.2.conv.0.0.weight", "blocks.1.0.conv_pw.weight"},
		{"features.5.layers.1.moving_variance", "features.3.conv.0.1.running_var", "blocks.1.1.bn1.running_var"},
		{"features.8.layers.3.weight", "features.6.conv.1.0.weight", "blocks.2.2.conv_dw.weight"},
		{"features.12.layers.4.beta", "features.10.conv.1.1.bias", "blocks.3.3.bn2.bias"},
		{"features.15.layers.6.weight", "features.13.conv.2.weight", "blocks.4.2.conv_pwl.weight"},
		{"features.18.layers.7.gamma", "features.16.conv.3.weight", "blocks.5.2.bn3.weight"},
		{"features.19.layers.7.moving_mean", "features.17.conv.3.running_mean", "blocks.6.0.bn3.running_mean"},
		{"features.20.weight", "features.18.0.weight", "conv_head.weight"},
		{"features.21.beta", "features.18.1.bias", "bn2.bias"},
		{"classifier.1.weight", "classifier.1.weight", "classifier.weight"},
		{"classifier.1.bias", "classifier.1.bias", "classifier.bias"},
	} {
		for i, from := range Schemes() {
			for j, to := range Schemes() {
				got, ok := Rename(c[i], from, to)
				require.True(t, ok, "%s in %s", c[i], from)
				assert.Equal(t, c[j], got, "%s from %s to %s", c[i], from, to)
			}
		}
	}
}

func TestEveryNameHasOneCounterpartInEveryScheme(t *testing.T) {
	a := arch(t, 1, 1000)
	for _, s := range Schemes() {
		seen := map[string]bool{}
		for _, p := range a.Params() {
			name, ok := Rename(p.Name, MindCV, s)
			require.True(t, ok, p.Name)
			require.False(t, seen[name], "%s twice in %s", name, s)
			seen[name] = true
			back, ok := Rename(name, s, MindCV)
			require.True(t, ok)
			assert.Equal(t, p.Name, back)
		}
	}
	_, ok := Rename("moments.features.0.weight", MindCV, Timm)
	assert.False(t, ok)
}

func TestBatchCounters(t *testing.T) {
	assert.Empty(t, BatchCounters(MindCV))
	assert.Len(t, BatchCounters(Torchvision), 52)
	assert.Contains(t, BatchCounters(Torchvision), "features.1.conv.2.num_batches_tracked")
	assert.Contains(t, BatchCounters(Timm), "blocks.0.0.bn2.num_batches_tracked")
}

func TestDetectScheme(t *testing.T) {
	for _, s := range Schemes() {
		var names []string
		for _, p := range arch(t, 1, 10).Params() {
			name, _ := Rename(p.Name, MindCV, s)
			names = append(names, name)
		}
		got, n := DetectScheme(append(names, "optimizer.step"))
		assert.Equal(t, s, got)
		assert.Equal(t, 262, n)
	}
	_, n := DetectScheme([]string{"conv1.weight"})
	assert.Zero(t, n)
	_, err := ParseScheme("keras")
	assert.ErrorContains(t, err, "torchvision")
}

func TestInitFollowsMindCV(t *testing.T) {
	a := arch(t, 1, 1000)
	values := a.Init(42)
	for _, p := range a.Params() {
		mean, deviation := moments(values[p.Name])
		switch p.Kind {
		case ConvWeight:
			want := sqrtFanOut(p.Shape[2]*p.Shape[3], p.Shape[0])
			assert.InEpsilon(t, want, deviation, 0.25, p.Name)
			assert.InDelta(t, 0, mean, 0.25*want, p.Name)
		case DenseWeight:
			assert.InEpsilon(t, 0.01, deviation, 0.01, p.Name)
		case Gamma, MovingVariance:
			assert.Equal(t, 1.0, mean, p.Name)
			assert.Zero(t, deviation, p.Name)
		default:
			assert.Zero(t, mean, p.Name)
		}
	}
	assert.Equal(t, values, a.Init(42), "the same seed gives the same values")
	assert.NotEqual(t, values["features.0.weight"], a.Init(43)["features.0.weight"])
}

func TestNameOfIsOfThatWidth(t *testing.T) {
	for _, width := range []float64{0.35, 0.5, 0.75, 1, 1.3, 1.4} {
		got, _, err := Lookup(NameOf(width))
		require.NoError(t, err)
		assert.Equal(t, width, got)
	}
	assert.Empty(t, NameOf(0.36))
}
