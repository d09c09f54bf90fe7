package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/weights"
)

func TestARunThatGoesOnTakesOverItsFolder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"m-1_3.ckpt", "m-2_1.ckpt", "m-2_3.ckpt", "m-3_2.ckpt", "m-3_3.ckpt", "m-10_3.ckpt", "other-1_3.ckpt", "m_best.ckpt", "optim_m.ckpt",
		".m-3_3.ckpt.tmp-17", ".curves.png.tmp-18", ".mine.tmp-x"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	top1 := map[int]float64{1: 30, 2: 20, 3: 10}
	for _, c := range []struct {
		name          string
		policy        string
		most          int
		at            weights.RunState
		top1          map[int]float64
		kept, passing []string
	}{
		{"inside an epoch", "latest_k", 2, weights.RunState{Epoch: 3, Step: 2}, top1, []string{"m-1_3.ckpt", "m-2_3.ckpt"}, []string{"m-2_1.ckpt", "m-3_2.ckpt"}},
		{"after an epoch", "latest_k", 2, weights.RunState{Epoch: 2, Step: 3, EpochDone: true}, top1, []string{"m-1_3.ckpt", "m-2_3.ckpt"}, []string{"m-2_1.ckpt"}},
		{"before its validation", "latest_k", 2, weights.RunState{Epoch: 2, Step: 3}, top1, []string{"m-1_3.ckpt"}, []string{"m-2_1.ckpt", "m-2_3.ckpt"}},
		{"the newest is not among the best", "top_k", 2, weights.RunState{Epoch: 3, Step: 3, EpochDone: true}, top1,
			[]string{"m-1_3.ckpt", "m-2_3.ckpt"}, []string{"m-2_1.ckpt", "m-3_2.ckpt", "m-3_3.ckpt"}},
		{"the newest is among the best", "top_k", 2, weights.RunState{Epoch: 3, Step: 3, EpochDone: true}, map[int]float64{1: 10, 2: 20, 3: 30},
			[]string{"m-2_3.ckpt", "m-3_3.ckpt"}, []string{"m-2_1.ckpt", "m-3_2.ckpt", "m-1_3.ckpt"}},
		{"accuracies are not known", "top_k", 2, weights.RunState{Epoch: 2, Step: 3, EpochDone: true}, nil, nil, []string{"m-2_1.ckpt"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := keeper{dir: dir, name: "m", policy: c.policy, most: c.most}
			c.at.StepsPerEpoch = 3
			var passing, kept []string
			for _, path := range k.adopt(c.at, c.top1) {
				passing = append(passing, filepath.Base(path))
			}
			for _, f := range k.kept {
				kept = append(kept, filepath.Base(f.path))
				assert.Equal(t, c.top1[int(filepath.Base(f.path)[2]-'0')], f.top1)
			}
			assert.Equal(t, c.kept, kept)
			assert.Equal(t, c.passing, passing)
		})
	}
	k := keeper{dir: dir, name: "m"}
	k.tidy()
	left, err := filepath.Glob(filepath.Join(dir, ".*.tmp-*"))
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(dir, ".mine.tmp-x")}, left)
}

// A run in several parts leaves as many checkpoints as one that was left alone, and the same table.
func TestPartsOfARunKeepNoMoreThanTheWhole(t *testing.T) {
	for _, policy := range []string{"latest_k", "top_k"} {
		o, in, _ := small(t)
		o.SavePolicy, o.KeepMax, o.SaveInterval, o.ValInterval, o.SaveSteps = policy, 1, 1, 1, 2
		_, err := Run(context.Background(), o, in)
		require.NoError(t, err)
		want, lines := checkpoints(t, o.SaveDir), resultEpochs(t, o.SaveDir)

		parts, in, _ := small(t)
		o.SaveDir = parts.SaveDir
		for _, stop := range []Event{Logged{Stepped: Stepped{Epoch: 1, Step: 2}}, EpochEnded{Epoch: 2}, nil} {
			ctx, cancel := context.WithCancel(context.Background())
			o.Report = func(e Event) {
				if s, ok := stop.(EpochEnded); ok {
					if e, isEnd := e.(EpochEnded); isEnd && e.Epoch == s.Epoch {
						cancel()
					}
				}
				if s, ok := stop.(Logged); ok {
					if e, isLog := e.(Logged); isLog && e.Epoch == s.Epoch && e.Step == s.Step {
						cancel()
					}
				}
			}
			_, err := Run(ctx, o, in)
			cancel()
			var stopped *ErrInterrupted
			if stop == nil {
				require.NoError(t, err)
				break
			}
			require.True(t, errors.As(err, &stopped), "%v", err)
			in = resumed(t, o, in, stopped.Path)
		}
		assert.Equal(t, want, checkpoints(t, o.SaveDir), policy)
		assert.Equal(t, lines, resultEpochs(t, o.SaveDir), policy)
	}
}

// resumed is in, going on from the checkpoint at path.
func resumed(t *testing.T, o Options, in Inputs, path string) Inputs {
	t.Helper()
	f, err := weights.Open(path)
	require.NoError(t, err)
	r, err := Resume(f, o.SaveDir, in.Arch, in.Train.Steps(), o.Seed)
	require.NoError(t, err)
	require.NotNil(t, r.Position, r.Reason)
	fit, err := f.Fit(in.Arch, false)
	require.NoError(t, err)
	in.Values, in.Position, in.State = fit.Values, r.Position, r.State
	return in
}

// resultEpochs are the lines of result.log without the times.
func resultEpochs(t *testing.T, dir string) (lines []string) {
	t.Helper()
	l, err := openResultLog(dir, 1<<30)
	require.NoError(t, err)
	for _, line := range l.lines {
		lines = append(lines, line[:80])
	}
	return lines
}
