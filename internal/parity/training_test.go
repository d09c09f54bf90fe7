// Package parity has no code: its tests hold the whole chain, from files and pictures to trained weights, to what PyTorch
// computes. The reference values and the scripts that made them are in testdata/golden.
package parity

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/cpu"
	"mnv2/internal/golden"
	"mnv2/model"
)

// slack is how much farther than float32 PyTorch we may be from float64 PyTorch. PyTorch's own distance is the largest
// over several ways of computing the same.
const slack = 1.5

// midGrey is (x - 127.5) / 127.5.
var midGrey = model.Normalization{Mean: []float64{127.5, 127.5, 127.5}, Std: []float64{127.5, 127.5, 127.5}}

func openCPU(t *testing.T) backend.Backend {
	t.Helper()
	b, err := cpu.Open(cpu.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Close()) })
	return b
}

// TestTrainingStepsEqualPyTorch takes five steps from equal weights on equal batches and compares the losses, the
// gradients of the first step, and weights and moving statistics after the last.
func TestTrainingStepsEqualPyTorch(t *testing.T) {
	for _, width := range []float64{0.75, 1} {
		g := golden.LoadTraining(t, width)
		for run, rates := range g.Runs {
			t.Run(fmt.Sprintf("%g/%s", width, run), func(t *testing.T) { compareRun(t, g, run, rates) })
		}
	}
}

func compareRun(t *testing.T, g *golden.Training, run string, rates golden.TrainingRun) {
	s := newSteps(t, g)
	want, spread := g.Losses(run)
	for step := range g.Steps {
		loss := s.take(t, g, step, rates)
		assert.InDelta(t, want[step], loss, slack*spread[step].Max+1e-6*want[step], "loss of step %d", step+1)
		if step == 0 {
			grads, err := s.state.Gradients()
			require.NoError(t, err)
			compareTensors(t, g, "grad", grads)
		}
	}
	values, err := s.params.Load()
	require.NoError(t, err)
	compareTensors(t, g, run+".state", values)
}

// compareTensors holds each tensor's distance to float64 PyTorch against float32 PyTorch's.
func compareTensors(t *testing.T, g *golden.Training, group string, got map[string][]float32) {
	t.Helper()
	names := g.Tensors(group)
	require.Len(t, names, len(got))
	worst, ratios := "", 0.0
	for _, name := range names {
		mindcv, ok := model.Rename(name, model.Torchvision, model.MindCV)
		require.True(t, ok, name)
		distance, yardstick := g.Distance(group, name, got[mindcv])
		// A tensor that float32 PyTorch happens to hit is allowed the rounding of its own storage.
		floor := 6e-8 * g.Norm(group, name)
		allowed := slack*yardstick.Max + floor
		assert.LessOrEqual(t, distance, allowed, "%s %s: float32 PyTorch is %g off", group, name, yardstick.Max)
		if ratio := distance / (yardstick.Max + floor); ratio > ratios {
			worst, ratios = name, ratio
		}
	}
	t.Logf("%s: the farthest of %d tensors is %s, %.2f times float32 PyTorch's distance", group, len(names), worst, ratios)
}

// steps is a network on the CPU that starts from the golden weights.
type steps struct {
	params   *model.Parameters
	state    *model.TrainState
	training *model.Training
}

func newSteps(t *testing.T, g *golden.Training) *steps {
	t.Helper()
	a, err := model.New(model.Config{Width: g.Width, Classes: g.Classes, InChannels: 3})
	require.NoError(t, err)
	s := &steps{}
	s.params, err = model.NewParameters(openCPU(t), a, nil)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.params.Close()) })
	require.NoError(t, s.params.Store(goldenWeights(t, a)))
	s.state, err = model.NewTrainState(s.params)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.state.Close()) })
	s.training, err = model.NewTraining(s.state, model.TrainingOptions{Batch: g.Batch, Size: g.Size, Normalization: midGrey,
		Smoothing: g.Smoothing, Rule: backend.Momentum})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.training.Close()) })
	return s
}

func goldenWeights(t *testing.T, a *model.Arch) map[string][]float32 {
	t.Helper()
	values := map[string][]float32{}
	for _, p := range a.Params() {
		name, ok := model.Rename(p.Name, model.MindCV, model.Torchvision)
		require.True(t, ok)
		v, err := golden.Weights(name, p.Shape)
		require.NoError(t, err)
		values[p.Name] = v
	}
	return values
}

func (s *steps) take(t *testing.T, g *golden.Training, step int, rates golden.TrainingRun) float64 {
	t.Helper()
	images := golden.Images(g.Streams[step], g.Batch, g.Size)
	hyper := []model.Hyper{{LR: rates.LR, WeightDecay: rates.WeightDecay, Momentum: g.Mu}}
	require.NoError(t, s.training.Step(images, g.Labels(step), nil, hyper))
	losses := make([]float32, g.Batch)
	require.NoError(t, s.training.Losses(losses))
	sum := 0.0
	for _, l := range losses {
		sum += float64(l)
	}
	return sum / float64(g.Batch)
}
