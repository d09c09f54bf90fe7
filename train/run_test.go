package train

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/cpu"
	"mnv2/data"
	"mnv2/data/shapes"
	"mnv2/model"
)

// small is a run of 3 epochs of 3 steps on 14 pictures, the last 2 of which fill no batch.
func small(t *testing.T) (Options, Inputs, *[]Event) {
	t.Helper()
	device, err := cpu.Open(cpu.Options{Threads: 1})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, device.Close(), "a run gives everything back") })
	a, err := model.New(model.Config{Width: 0.1, Classes: 10, InChannels: 3, DropRate: 0.2})
	require.NoError(t, err)
	events := &[]Event{}
	o := Options{Model: "m", ImageSize: 32, Normalization: model.Normalization{Mean: []float64{128, 128, 128}, Std: []float64{64, 64, 64}},
		Batch: 4, Epochs: 3, Seed: 7, Schedule: Schedule{Name: "constant", LR: 0.01}, Optimizer: Optimizer{Momentum: 0.9},
		Grouping: Grouping{DecayFilter: "auto"}, LossScale: 1024, LogInterval: 2, ValInterval: 2, SaveDir: t.TempDir(), SaveInterval: 2, SavePolicy: "latest_k",
		KeepMax: 5, Report: func(e Event) { *events = append(*events, e) }}
	in := Inputs{Device: device, Arch: a, Values: a.Init(1), Train: loader(t, "train", 14, true), Val: loader(t, "val", 6, false)}
	return o, in, events
}

func loader(t *testing.T, split string, n int, isTrain bool) *data.Loader {
	t.Helper()
	set, err := shapes.New(split, shapes.Options{Size: 32, Train: n, Val: n})
	require.NoError(t, err)
	l, err := data.NewLoader(data.LoaderConfig{Dataset: set, Batch: 4, Size: 32, Channels: 3, Seed: 7, Shuffle: isTrain,
		Train: isTrain, DropLast: isTrain, Workers: 1})
	require.NoError(t, err)
	return l
}

// story names the events, one word each, steps left out.
func story(events []Event) string {
	var words []string
	for _, e := range events {
		switch e := e.(type) {
		case Stepped, Validating:
		case Logged:
			words = append(words, fmt.Sprintf("log%d.%d", e.Epoch, e.Step))
		case Saved:
			words = append(words, filepath.Base(e.Path))
		case Validated:
			words = append(words, fmt.Sprintf("validated%d", e.Epoch))
		case EpochEnded:
			words = append(words, fmt.Sprintf("end%d", e.Epoch))
		case Started:
			words = append(words, fmt.Sprintf("start%d.%d", e.FirstEpoch, e.FirstStep))
		}
	}
	return strings.Join(words, " ")
}

func TestRunTellsWhatHappens(t *testing.T) {
	o, in, events := small(t)
	result, err := Run(context.Background(), o, in)
	require.NoError(t, err)
	want := "start1.0 log1.1 log1.2 log1.3 validated1 m_best.ckpt end1 " + // epoch 1 is validated, and the first is the best so far
		"log2.1 log2.2 log2.3 m-2_3.ckpt end2 " + // every second epoch is saved
		"log3.1 log3.2 log3.3 validated3"
	got := story(*events)
	assert.True(t, strings.HasPrefix(got, want), got)
	assert.True(t, strings.HasSuffix(got, "m-3_3.ckpt end3"), "the last epoch is saved whatever the interval: %s", got)
	assert.NotZero(t, result.BestEpoch)
	log, err := os.ReadFile(filepath.Join(o.SaveDir, "result.log"))
	require.NoError(t, err)
	assert.Equal(t, 4, strings.Count(string(log), "\n"), "a header and a line an epoch")
}

func TestRunWithASmallerLastBatch(t *testing.T) {
	o, in, events := small(t)
	set, err := shapes.New("train", shapes.Options{Size: 32, Train: 14})
	require.NoError(t, err)
	in.Train, err = data.NewLoader(data.LoaderConfig{Dataset: set, Batch: 4, Size: 32, Channels: 3, Train: true})
	require.NoError(t, err)
	in.Val, o.Epochs = nil, 1
	_, err = Run(context.Background(), o, in)
	require.NoError(t, err)
	images := 0
	for _, e := range *events {
		switch e := e.(type) {
		case Stepped:
			images += e.Images
		case Logged:
			images += e.Images
		}
	}
	assert.Equal(t, 14, images)
}

func TestRunStopsWhenTheLossIsNotFinite(t *testing.T) {
	o, in, events := small(t)
	o.Schedule.LR = 1e30
	o.SaveInterval, in.Val = 1, nil
	_, err := Run(context.Background(), o, in)
	require.ErrorIs(t, err, ErrDiverged)
	assert.ErrorContains(t, err, "--lr")
	assert.ErrorContains(t, err, "the last good checkpoint is "+filepath.Join(o.SaveDir, "m-1_3.ckpt"))
	assert.Regexp(t, `first in the .* features\.`, err.Error())
	var told *Skipped
	for _, e := range *events {
		if s, ok := e.(Skipped); ok && told == nil {
			told = &s
		}
	}
	require.NotNil(t, told)
	assert.NotEmpty(t, told.Layer)
	assert.False(t, told.Expected)
}

// A run that is interrupted at a step, and goes on from what it saved, ends where an uninterrupted one does.
func TestInterruptedRunGoesOn(t *testing.T) {
	for _, name := range []string{"momentum", "adam", "rmsprop", "adagrad", "nadam", "lamb"} {
		t.Run(name, func(t *testing.T) { interruptedRunGoesOn(t, func(o *Options) { o.Optimizer.Name = name }) })
	}
	t.Run("everything", func(t *testing.T) {
		events := interruptedRunGoesOn(t, func(o *Options) {
			o.EMA, o.Accumulate, o.Clip, o.DynamicScale, o.LossScale, o.Loss, o.DropPath = 0.9, 2, 1, true, 3e17, "BCE", 0.3
		})
		skipped := 0
		for _, e := range events {
			if l, ok := e.(Logged); ok {
				skipped = max(skipped, l.Skipped)
			}
		}
		assert.Positive(t, skipped, "the loss scale starts too high")
		assert.Less(t, skipped, 6, "of 9 steps")
	})
}

// interruptedRunGoesOn returns the events of the run that was not interrupted.
func interruptedRunGoesOn(t *testing.T, change func(*Options)) []Event {
	whole, in, told := small(t)
	change(&whole)
	_, err := Run(context.Background(), whole, in)
	require.NoError(t, err)
	want := finalState(t, whole)

	for _, at := range []string{"log1.2", "log2.3", "log3.3", "validated3"} {
		o, in, events := small(t)
		change(&o)
		ctx, cancel := context.WithCancel(context.Background())
		record := o.Report
		o.Report = func(e Event) {
			record(e)
			if strings.HasSuffix(story(*events), at) {
				cancel()
			}
		}
		_, err := Run(ctx, o, in)
		if at == "validated3" { // nothing was left to interrupt
			require.NoError(t, err)
			continue
		}
		var stopped *ErrInterrupted
		require.ErrorAs(t, err, &stopped)
		_, err = Run(context.Background(), o, resumed(t, o, in, stopped.Path))
		require.NoError(t, err)
		assert.True(t, want == finalState(t, o), "interrupted at %s", at)
	}
	return *told
}

func finalState(t *testing.T, o Options) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(o.SaveDir, "m-3_3.ckpt"))
	require.NoError(t, err)
	return string(b)
}

func TestRunRefuses(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"weight_decay_filter": func(o *Options) { o.DecayFilter = "bias" },
		"ckpt_save_policy":    func(o *Options) { o.SavePolicy = "best" },
		"schedule":            func(o *Options) { o.Schedule.Name = "linear" },
	} {
		o, in, _ := small(t)
		change(&o)
		_, err := Run(context.Background(), o, in)
		assert.ErrorContains(t, err, want)
	}
}
