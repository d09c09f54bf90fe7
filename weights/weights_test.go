package weights

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/checkpoint"
	"mnv2/internal/shareddata"
	"mnv2/model"
)

func arch(t *testing.T, width float64, classes int) *model.Arch {
	t.Helper()
	a, err := model.New(model.Config{Width: width, Classes: classes, InChannels: 3})
	require.NoError(t, err)
	return a
}

func snapshot(t *testing.T, width float64, classes int) Snapshot {
	a := arch(t, width, classes)
	names := make([]string, classes)
	for i := range names {
		names[i] = fmt.Sprintf("class %d, \"quoted\"", i)
	}
	return Snapshot{Arch: a, Values: a.Init(7), Card: Card{Model: "m", Classes: names, ImageSize: 96, Mean: []float64{1, 2, 3},
		Std: []float64{4, 5, 6}, CropPct: 0.9, ResizeFilter: "pil"}}
}

func TestSaveAndOpenInEveryFormatAndNaming(t *testing.T) {
	s := snapshot(t, 0.35, 10)
	for _, suffix := range []string{".ckpt", ".safetensors", ".pth"} {
		for _, naming := range model.Schemes() {
			t.Run(suffix+" "+string(naming), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "w"+suffix)
				format, err := checkpoint.FormatForPath(path)
				require.NoError(t, err)
				require.NoError(t, Save(path, format, naming, s))
				f, err := Open(path)
				require.NoError(t, err)
				assert.Equal(t, format, f.Format)
				assert.Equal(t, naming, f.Naming)
				assert.Equal(t, model.Config{Width: 0.35, Classes: 10, InChannels: 3}, f.Config)
				fit, err := f.Fit(s.Arch, false)
				require.NoError(t, err)
				assert.Equal(t, s.Values, fit.Values)
				assert.Empty(t, fit.Missing)
				assert.Empty(t, fit.Unused)
				require.NotNil(t, f.Card, "the class names travel with the weights")
				assert.Equal(t, s.Card, *f.Card)
				assert.Nil(t, f.Run)
			})
		}
	}
}

func TestEveryWidthIsRecognised(t *testing.T) {
	for _, width := range []float64{0.35, 0.5, 0.75, 1, 1.3, 1.4} {
		path := filepath.Join(t.TempDir(), "w.safetensors")
		require.NoError(t, Save(path, checkpoint.SafeTensors, model.Timm, snapshot(t, width, 3)))
		f, err := Open(path)
		require.NoError(t, err)
		assert.Equal(t, width, f.Config.Width)
	}
}

func trainingSnapshot(t *testing.T) Snapshot {
	s := snapshot(t, 0.35, 4)
	s.Velocity, s.Momentum, s.Rates = map[string][]float32{}, 0.9, []float64{0.1, 0.2, 0.3}
	for name, v := range s.Arch.Init(8) {
		s.Velocity[name] = v
	}
	for _, p := range s.Arch.Params() {
		if !p.Kind.Trainable() {
			delete(s.Velocity, p.Name)
		}
	}
	s.Run = &RunState{Epoch: 3, Step: 2, StepsPerEpoch: 10, GlobalStep: 22, Seed: 1<<63 + 1, BestTop1: 45.25, BestEpoch: 2, LastLoss: 1.5}
	return s
}

func TestTrainingStateTravels(t *testing.T) {
	s := trainingSnapshot(t)
	path := filepath.Join(t.TempDir(), "m-3_2.ckpt")
	require.NoError(t, Save(path, checkpoint.CKPT, model.MindCV, s))
	f, err := Open(path)
	require.NoError(t, err)
	require.NotNil(t, f.Run)
	assert.Equal(t, *s.Run, *f.Run)
	state, err := f.State(s.Arch)
	require.NoError(t, err)
	require.NotNil(t, state)
	assert.Equal(t, 22, state.GlobalStep)
	assert.Equal(t, s.Velocity, state.Velocity)
	other, err := f.State(arch(t, 0.35, 5))
	require.NoError(t, err)
	assert.Nil(t, other, "velocity of another network is no state")
}

func TestStateAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "optim_m.ckpt")
	require.NoError(t, SaveState(path, trainingSnapshot(t)))
	raw, err := checkpoint.Read(path)
	require.NoError(t, err)
	step, ok := raw.Find("global_step")
	require.True(t, ok)
	assert.Equal(t, checkpoint.I32, step.DType)
	assert.Equal(t, []int{1}, step.Shape)
	_, err = Open(path)
	assert.ErrorIs(t, err, checkpoint.ErrFormat, "an optimizer's state is not a network")
}

func TestFitReports(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "w.safetensors")
	s := snapshot(t, 0.35, 10)
	require.NoError(t, Save(path, checkpoint.SafeTensors, model.MindCV, s))
	raw, err := checkpoint.Read(path)
	require.NoError(t, err)
	missing := "features.1.gamma"
	raw.Tensors = append(deleteTensor(raw.Tensors, missing), checkpoint.FromFloat32s("extra.thing", []int{2}, []float32{1, 2}))
	require.NoError(t, checkpoint.Write(path, raw))
	f, err := Open(path)
	require.NoError(t, err)

	t.Run("missing and unused", func(t *testing.T) {
		fit, err := f.Fit(s.Arch, false)
		require.NoError(t, err)
		assert.Equal(t, []string{missing}, fit.Missing)
		assert.Equal(t, []string{"extra.thing"}, fit.Unused)
	})
	t.Run("another width", func(t *testing.T) {
		_, err := f.Fit(arch(t, 1, 10), false)
		assert.ErrorIs(t, err, checkpoint.ErrFormat)
		assert.ErrorContains(t, err, "16x3x3x3")
		assert.ErrorContains(t, err, "--model")
	})
	t.Run("another head", func(t *testing.T) {
		_, err := f.Fit(arch(t, 0.35, 7), false)
		assert.ErrorContains(t, err, "--num_classes 7")
		fit, err := f.Fit(arch(t, 0.35, 7), true)
		require.NoError(t, err)
		assert.True(t, fit.DroppedHead)
		assert.NotContains(t, fit.Values, "classifier.1.weight")
		assert.NotContains(t, fit.Missing, "classifier.1.weight")
	})
	t.Run("the same head stays", func(t *testing.T) {
		fit, err := f.Fit(arch(t, 0.35, 10), true)
		require.NoError(t, err)
		assert.False(t, fit.DroppedHead)
	})
}

func TestSumStemAddsUpColours(t *testing.T) {
	a := arch(t, 0.35, 10)
	values := a.Init(3)
	path := filepath.Join(t.TempDir(), "w.ckpt")
	require.NoError(t, Save(path, checkpoint.CKPT, model.MindCV, Snapshot{Arch: a, Values: values}))
	f, err := Open(path)
	require.NoError(t, err)
	require.NoError(t, f.SumStem())
	grey, err := model.New(model.Config{Width: 0.35, Classes: 10, InChannels: 1})
	require.NoError(t, err)
	fit, err := f.Fit(grey, false)
	require.NoError(t, err)
	colour, sum := values["features.0.weight"], fit.Values["features.0.weight"]
	require.Len(t, sum, len(colour)/3)
	for k := range len(sum) / 9 {
		for i := range 9 {
			at := k*27 + i
			assert.Equal(t, colour[at]+colour[at+9]+colour[at+18], sum[k*9+i])
		}
	}
	require.NoError(t, f.SumStem(), "once is enough")
	again, err := f.Fit(grey, false)
	require.NoError(t, err)
	assert.Equal(t, sum, again.Values["features.0.weight"])
}

func deleteTensor(list []checkpoint.Tensor, name string) []checkpoint.Tensor {
	var kept []checkpoint.Tensor
	for _, t := range list {
		if t.Name != name {
			kept = append(kept, t)
		}
	}
	return kept
}

func TestOpenOtherNetworks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.safetensors")
	require.NoError(t, checkpoint.Write(path, &checkpoint.File{Format: checkpoint.SafeTensors,
		Tensors: []checkpoint.Tensor{checkpoint.FromFloat32s("layer1.0.conv1.weight", []int{1}, []float32{1})}}))
	_, err := Open(path)
	assert.ErrorIs(t, err, checkpoint.ErrFormat)
	assert.ErrorContains(t, err, "layer1.0.conv1.weight")
}

// The .tflite holds the weights of the .pth with the batch norms folded in.
func TestTFLiteHoldsTheWeightsOfThePth(t *testing.T) {
	tflite, err := Open(shareddata.Path(t, "weights/mobilenet_v2_100-imagenet-int8.tflite"))
	require.NoError(t, err)
	pth, err := Open(shareddata.Path(t, "weights/mobilenet_v2_100-imagenet.pth"))
	require.NoError(t, err)
	assert.Equal(t, model.Torchvision, pth.Naming)
	a := arch(t, 1, 1000)
	folded, err := tflite.Fit(a, false)
	require.NoError(t, err)
	unfolded, err := pth.Fit(a, false)
	require.NoError(t, err)
	require.Empty(t, folded.Missing)
	require.Empty(t, unfolded.Missing)
	for _, conv := range model.Convolutions() {
		compareFolded(t, conv, folded.Values, unfolded.Values)
	}
}

// compareFolded compares w*gamma/sqrt(var+eps) and beta - mean*gamma/sqrt(var+eps) of both.
func compareFolded(t *testing.T, conv model.Convolution, a, b map[string][]float32) {
	wa, ba := fold(conv, a)
	wb, bb := fold(conv, b)
	assert.Less(t, relative(wa, wb), 2e-6, conv.Weight)
	assert.Less(t, relative(ba, bb), 2e-5, conv.Weight+" shift")
}

func fold(conv model.Convolution, v map[string][]float32) (w, shift []float64) {
	weight := v[conv.Weight]
	if conv.Norm == "" {
		return widen(weight), widen(v[conv.Bias])
	}
	gamma, beta := v[conv.Norm+".gamma"], v[conv.Norm+".beta"]
	mean, variance := v[conv.Norm+".moving_mean"], v[conv.Norm+".moving_variance"]
	per := len(weight) / len(gamma)
	for k := range gamma {
		scale := float64(gamma[k]) / math.Sqrt(float64(variance[k])+model.NormEps)
		for _, x := range weight[k*per : (k+1)*per] {
			w = append(w, float64(x)*scale)
		}
		shift = append(shift, float64(beta[k])-float64(mean[k])*scale)
	}
	return w, shift
}

func widen(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

func relative(a, b []float64) float64 {
	var diff, norm float64
	for i := range a {
		diff += (a[i] - b[i]) * (a[i] - b[i])
		norm += b[i] * b[i]
	}
	return math.Sqrt(diff / norm)
}

func TestIsState(t *testing.T) {
	for _, name := range []string{"moments.features.0.weight", "global_step", "learning_rate_group_1", "ema.classifier.1.bias"} {
		assert.True(t, isState(name), name)
	}
	for _, name := range []string{"features.0.weight", "momentum.buffer", "head.weight"} {
		assert.False(t, isState(name), name)
	}
}

func TestNames(t *testing.T) {
	assert.Equal(t, "a, b", Names([]string{"b", "a"}))
	assert.Equal(t, "a, b, c, d and 2 more", Names(strings.Split("f e d c b a", " ")))
}
