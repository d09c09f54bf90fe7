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

// newInference makes the network ready on b and frees it when the test ends.
func newInference(t *testing.T, b backend.Backend, arch *model.Arch) *model.Inference {
	params, err := model.NewParameters(b, arch, nil)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, params.Close()) })
	require.NoError(t, params.Store(arch.Init(1)))
	net, err := model.NewInference(params, model.InferenceOptions{Batch: 2, Size: 32, Normalization: model.Normalization{Std: []float64{1, 1, 1}, Mean: []float64{0, 0, 0}}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, net.Close()) })
	return net
}

// TestProfileOfInference wants every block to have a row, all multiply-adds to be there, and the scores to be those of the device.
func TestProfileOfInference(t *testing.T) {
	device, arch := openCPU(t), smallNetwork(t)
	plain := newInference(t, device, arch)
	profiled := New(&counting{Backend: device})
	watched := newInference(t, profiled, arch)
	images := bytes.Repeat([]byte{7, 99, 200, 31}, 2*32*32*3/4)
	want, got := make([]float32, 20), make([]float32, 20)
	table, err := Measure(context.Background(), 2, profiled,
		func() (time.Duration, error) { return 2 * time.Millisecond, plain.Logits(want, images, 2) },
		func() (time.Duration, error) { return 0, watched.Logits(got, images, 2) })
	require.NoError(t, err)
	assert.InDeltaSlice(t, want, got, 1e-4)
	work, total := int64(0), time.Duration(0)
	for _, r := range table.Rows {
		work += r.FLOPs * r.Count
		total += r.Time
		assert.Positive(t, r.Time, r.Name)
		assert.Positive(t, r.Bytes, r.Name)
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
	assert.Contains(t, out.String(), "convolution 1x1 infer              7x7 8->8 /1                 2      1.500  75.0%      20.0      4.0   20 %")
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

// TestErrorsEndTheProfile: of a step, of the context, of recordings inside each other.
func TestErrorsEndTheProfile(t *testing.T) {
	device := New(openCPU(t))
	good := func() (time.Duration, error) { return 0, nil }
	bad := func() (time.Duration, error) { return 0, errFull }
	_, err := Measure(context.Background(), 1, device, bad, good)
	assert.ErrorIs(t, err, errFull)
	_, err = Measure(context.Background(), 1, device, good, bad)
	assert.ErrorIs(t, err, errFull)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Measure(ended, 1, device, good, good)
	assert.ErrorIs(t, err, context.Canceled)
	_, err = device.Record(func() error {
		_, err := device.Record(func() error { return nil })
		return err
	})
	assert.ErrorIs(t, err, backend.ErrRecording)
}
