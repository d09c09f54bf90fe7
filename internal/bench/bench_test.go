package bench

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/cpu"
	"mnv2/data"
	"mnv2/data/augment"
	"mnv2/model"
)

// small is a narrow network on one thread, measured for as short as can be.
func small(t *testing.T) *Bench {
	device, err := cpu.Open(cpu.Options{Threads: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, device.Close(), "everything is given back") })
	arch, err := model.New(model.Config{Width: 0.35, Classes: 10, InChannels: 3, DropRate: 0.2})
	require.NoError(t, err)
	photos, err := NewPhotos(2)
	require.NoError(t, err)
	return &Bench{Device: device, Arch: arch, Values: func() (map[string][]float32, error) { return arch.Init(1), nil }, Time: time.Millisecond, Workers: 1, Pictures: photos,
		Numbers:   model.Normalization{Mean: []float64{120, 120, 120}, Std: []float64{60, 60, 60}},
		Transform: data.Fixed(augment.Whole{Size: 32}.Apply)}
}

func TestCasesRun(t *testing.T) {
	b := small(t)
	for _, c := range []Case{{Name: "i", Kind: Inference, Size: 32, Batch: 2}, {Name: "t", Kind: Training, Size: 32, Batch: 2}, {Name: "in", Kind: Input, Size: 32, Batch: 2}} {
		r, err := b.Run(t.Context(), c)
		require.NoError(t, err)
		assert.Equal(t, c, r.Case)
		assert.GreaterOrEqual(t, r.Rounds, minRounds)
		assert.Positive(t, r.Best)
		assert.LessOrEqual(t, r.Best, r.Median)
		assert.InDelta(t, 2/r.Median, r.ImagesPerSec, 1e-9*r.ImagesPerSec)
	}
}

func TestInputWithFewerPicturesThanABatch(t *testing.T) {
	r, err := small(t).Run(t.Context(), Case{Name: "in", Kind: Input, Size: 32, Batch: 32})
	require.NoError(t, err)
	assert.Equal(t, 2, r.Batch, "the rate counts the pictures there are")
}

func TestCasesThatCannotRun(t *testing.T) {
	b := small(t)
	b.Pictures = nil
	_, err := b.Run(t.Context(), Case{Name: "in", Kind: Input, Size: 32, Batch: 2})
	assert.ErrorContains(t, err, "no pictures")
	_, err = b.Run(t.Context(), Case{Name: "x", Kind: "dance", Size: 32, Batch: 2})
	assert.ErrorContains(t, err, `"dance"`)
	b.Values = func() (map[string][]float32, error) { return map[string][]float32{"no such tensor": {1}}, nil }
	_, err = b.Run(t.Context(), Case{Name: "i", Kind: Inference, Size: 32, Batch: 2})
	assert.Error(t, err)
}

func TestOpsCountTheNetworksMultiplyAdds(t *testing.T) {
	b := small(t)
	var rows []OpResult
	require.NoError(t, b.Ops(t.Context(), 1, 32, func(r OpResult) error {
		rows = append(rows, r)
		return nil
	}))
	last := rows[len(rows)-1]
	assert.Equal(t, "network", last.Name)
	assert.Equal(t, 2*b.Arch.MACs(32), last.FLOPs)
	blocks, parts := int64(0), int64(0)
	for _, r := range rows[:len(rows)-1] {
		if r.Part {
			parts += r.FLOPs
		} else {
			blocks += r.FLOPs
		}
	}
	assert.Equal(t, last.FLOPs, blocks)
	assert.Equal(t, last.FLOPs, parts)
	stop := errors.New("stop")
	assert.ErrorIs(t, b.Ops(t.Context(), 1, 32, func(OpResult) error { return stop }), stop)
}

func TestMeasureStops(t *testing.T) {
	broken := errors.New("broken")
	_, err := Measure(t.Context(), time.Millisecond, func() error { return broken })
	require.ErrorIs(t, err, broken)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Measure(ctx, time.Hour, func() error { return nil })
	require.Error(t, err)
}

func TestSummary(t *testing.T) {
	s := summarize([]float64{5, 1, 3, 2, 4})
	assert.Equal(t, Stats{Best: 1, P25: 2, Median: 3, Spread: 2.0 / 3, Rounds: 5}, s)
	assert.Equal(t, Stats{Best: 7, P25: 7, Median: 7, Rounds: 1}, summarize([]float64{7}))
}

func TestParseCases(t *testing.T) {
	all, err := ParseCases("all")
	require.NoError(t, err)
	assert.Equal(t, Cases(), all)
	some, err := ParseCases("train32, latency")
	require.NoError(t, err)
	assert.Equal(t, []Case{{Name: "train32", Kind: Training, Size: 32, Batch: 64}, {Name: "latency", Kind: Inference, Size: 224, Batch: 1}}, some)
	made, err := ParseCases("train224x256,infer96x8:bf16")
	require.NoError(t, err)
	assert.Equal(t, []Case{{Name: "train224x256", Kind: Training, Size: 224, Batch: 256}, {Name: "infer96x8:bf16", Kind: Inference, Size: 96, Batch: 8, DType: "bf16"}}, made)
	for _, wrong := range []string{"train224x", "infer96x8x2", "infer16x1", "train224x0", "train-224x8", "inputx1", "infer96x99999999", "infer96x8:", "infer96x8:u8"} {
		_, err = ParseCases(wrong)
		require.ErrorContains(t, err, wrong)
	}
	_, err = ParseCases("latency,latent")
	assert.ErrorContains(t, err, `case "latent": want all, or some of latency, throughput`)
}

func TestPeakOfStatus(t *testing.T) {
	for text, want := range map[string]int64{
		"VmPeak:\t 9 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 1 kB\n": 1234 << 10, "VmHWM: much kB\n": 0, "VmHWM:": 0, "": 0,
	} {
		assert.Equal(t, want, parseStatus([]byte(text), "VmHWM:"), "%q", text)
	}
}

func TestChartIsAPicture(t *testing.T) {
	for name, bars := range map[string][]Bar{"two": Bars([]Result{newResult(Cases()[0], Stats{Best: 1, Median: 2}, 0)}), "none": nil, "zero": {{Label: "x"}}} {
		var b bytes.Buffer
		require.NoError(t, Chart(&b, "title", bars), name)
		img, err := png.Decode(&b)
		require.NoError(t, err, name)
		assert.Equal(t, chartTop+chartBottom+len(bars)*chartRow, img.Bounds().Dy(), name)
	}
}
