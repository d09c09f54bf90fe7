package profile

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/cpu"
	"mnv2/model"
)

// counting is a device that says what it was asked for.
type counting struct {
	backend.Backend
	counts backend.Counts
}

func (c *counting) Unwrap() backend.Backend { return c.Backend }

func (c *counting) Counts() backend.Counts {
	c.counts.Launches += 5
	return c.counts
}

func openCPU(t *testing.T) backend.Backend {
	device, err := cpu.Open(cpu.Options{Threads: 1})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, device.Close()) })
	return device
}

func smallNetwork(t *testing.T) *model.Arch {
	arch, err := model.New(model.Config{Width: 0.35, Classes: 10, InChannels: 3})
	require.NoError(t, err)
	return arch
}

// classifier runs a network on the same two pictures again and again.
type classifier struct {
	params *model.Parameters
	net    *model.Inference
	scores []float32
	wait   time.Duration
}

func openClassifier(b backend.Backend, arch *model.Arch) (_ *classifier, err error) {
	c := &classifier{scores: make([]float32, 20)}
	if c.params, err = model.NewParameters(b, arch, nil); err != nil {
		return nil, err
	}
	if err = c.params.Store(arch.Init(1)); err != nil {
		return nil, err
	}
	c.net, err = model.NewInference(c.params, model.InferenceOptions{Batch: 2, Size: 32,
		Normalization: model.Normalization{Mean: []float64{0, 0, 0}, Std: []float64{1, 1, 1}}})
	return c, err
}

func (c *classifier) Step(context.Context) (time.Duration, error) {
	return c.wait, c.net.Logits(c.scores, bytes.Repeat([]byte{7, 99, 200, 31}, 2*32*32*3/4), 2)
}

func (c *classifier) Close() error { return errors.Join(c.net.Close(), c.params.Close()) }

// TestProfileOfInference wants every block to have a row, all multiply-adds to be there, and the scores to be those of the device.
func TestProfileOfInference(t *testing.T) {
	device, arch := &counting{Backend: openCPU(t)}, smallNetwork(t)
	var scores [][]float32
	table, err := Measure(context.Background(), device, 2, func(b backend.Backend) (Stepper, error) {
		c, err := openClassifier(b, arch)
		if err == nil {
			c.wait = 2 * time.Millisecond
			scores = append(scores, c.scores)
		}
		return c, err
	})
	require.NoError(t, err)
	assert.InDeltaSlice(t, scores[0], scores[1], 1e-4)
	work, total := int64(0), time.Duration(0)
	for _, r := range table.Rows {
		work += r.FLOPs * r.Count
		total += r.Time
		assert.Positive(t, r.Time, r.Name)

	}
	assert.Equal(t, 2*2*2*arch.MACs(32), work, "two steps of two images")
	assert.Equal(t, table.Operations, total)
	assert.Equal(t, 2*time.Millisecond, table.Input)
	assert.Positive(t, table.Step)
	assert.Equal(t, int64(5), table.Counts.Launches, "what came between Start and Stop")
}

// TestTheTable is printed with every column filled.
func TestTheTable(t *testing.T) {
	table := Table{Steps: 2, Step: 3 * time.Millisecond, Input: time.Millisecond, Operations: 4 * time.Millisecond, Peak: 100e9,
		Counts: &backend.Counts{Launches: 640, Syncs: 1},
		Rows: []Row{{Name: "convolution 1x1 infer", Shape: "7x7 8->8 /1", Count: 4, Time: 3 * time.Millisecond, FLOPs: 15e6, Bytes: 3e6},
			{Name: "update momentum", Shape: "9 numbers", Count: 2, Time: time.Millisecond, Bytes: 108}}}
	var out strings.Builder
	require.NoError(t, table.Write(&out))
	assert.Contains(t, out.String(), "convolution 1x1 infer           7x7 8->8 /1                         2      1.500  75.0%      20.0      4.0   20 %")
	assert.Contains(t, out.String(), "3 operations a step take 2.000 ms one by one; a step as it usually runs takes 3.000 ms, of which it waits 1.000 ms for images")
	assert.Contains(t, out.String(), "320 launches, 0.5 waits, 0 allocations")
	assert.ErrorIs(t, table.Write(failing{}), errFull)
}

var errFull = errors.New("no space left")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

// TestWorkOfTraining wants a backward pass to count twice, but for the gradient of an input that nobody asked for.
func TestWorkOfTraining(t *testing.T) {
	conv := backend.ConvBNAct{DType: backend.F32, Layout: backend.NHWC, N: 1, H: 4, W: 4, C: 8, K: 8, R: 1, S: 1, Stride: 1, Groups: 1}
	macs := int64(4 * 4 * 8 * 8)
	for _, c := range []struct {
		pass      backend.Pass
		inputGrad bool
		want      int64
	}{{backend.Forward, false, 2 * macs}, {backend.Backward, true, 4 * macs}, {backend.Backward, false, 2 * macs}, {backend.Prepare, false, 0}} {
		conv.Pass, conv.InputGrad = c.pass, c.inputGrad
		assert.Equal(t, c.want, flops(conv), "%v", c.pass)
	}
}

// steps is a Stepper that fails at the given step and notes that it was closed.
type steps struct{ until, closed int }

func (s *steps) Step(context.Context) (time.Duration, error) {
	if s.until--; s.until < 0 {
		return 0, errFull
	}
	return 0, nil
}

func (s *steps) Close() error { s.closed++; return nil }

// TestErrorsEndTheProfile: of opening, of a step, of the context, of recordings inside each other. What was opened is closed.
func TestErrorsEndTheProfile(t *testing.T) {
	device, ctx := openCPU(t), context.Background()
	for _, good := range []int{0, warmUp, warmUp + 1, 2*warmUp + 1} {
		s := &steps{until: good}
		_, err := Measure(ctx, device, 1, func(backend.Backend) (Stepper, error) { return s, nil })
		assert.ErrorIs(t, err, errFull, "after %d", good)
		assert.Equal(t, 1+good/(warmUp+1), s.closed)
	}
	_, err := Measure(ctx, device, 1, func(backend.Backend) (Stepper, error) { return nil, errFull })
	assert.ErrorIs(t, err, errFull)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = Measure(ended, device, 1, func(backend.Backend) (Stepper, error) { return &steps{until: 9}, nil })
	assert.ErrorIs(t, err, context.Canceled)
	profiled := New(device)
	_, err = profiled.Record(func() error {
		_, err := profiled.Record(func() error { return nil })
		return err
	})
	assert.ErrorIs(t, err, backend.ErrRecording)
}
