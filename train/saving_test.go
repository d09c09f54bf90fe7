package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSavingIsDue(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	after := func(d time.Duration) time.Time { return start.Add(d) }
	for name, c := range map[string]struct {
		s    saving
		step int
		now  time.Time
		want bool
	}{
		"never":                     {saving{last: start}, 100, after(time.Hour), false},
		"every 5 steps, at 5":       {saving{everySteps: 5}, 10, start, true},
		"every 5 steps, at 6":       {saving{everySteps: 5}, 11, start, false},
		"every minute, too early":   {saving{every: time.Minute, last: start}, 1, after(time.Second), false},
		"every minute, in time":     {saving{every: time.Minute, last: start}, 1, after(time.Minute), true},
		"failed, too early":         {saving{every: time.Second, last: start, failed: after(10 * time.Second)}, 1, after(20 * time.Second), false},
		"failed, tried again":       {saving{every: time.Second, last: start, failed: after(10 * time.Second)}, 1, after(71 * time.Second), true},
		"failed at the epoch's end": {saving{failed: start}, 1, after(retryAfter), true},
	} {
		assert.Equal(t, c.want, c.s.due(c.step, c.now), name)
	}
}

func TestCheckpointsInsideAnEpoch(t *testing.T) {
	o, in, events := small(t)
	o.SaveSteps, o.SaveInterval = 1, 1
	_, err := Run(context.Background(), o, in)
	require.NoError(t, err)
	var saved []string
	for _, e := range *events {
		switch e := e.(type) {
		case Saved:
			saved = append(saved, filepath.Base(e.Path))
		case Removed:
			saved = append(saved, "-"+filepath.Base(e.Path))
		}
	}
	assert.Equal(t, []string{"m-1_1.ckpt", "m-1_2.ckpt", "-m-1_1.ckpt", "m_best.ckpt", "m-1_3.ckpt", "-m-1_2.ckpt"}, saved[:6])
	left, err := filepath.Glob(filepath.Join(o.SaveDir, "m-*.ckpt"))
	require.NoError(t, err)
	assert.Len(t, left, 3, "only the epochs' checkpoints stay: %v", left)
}

// A folder in the place of a checkpoint stands for anything that makes writing fail.
func TestAFailedSaveDoesNotEndTheRun(t *testing.T) {
	o, in, events := small(t)
	o.SaveInterval = 1
	require.NoError(t, os.MkdirAll(filepath.Join(o.SaveDir, "m-1_3.ckpt", "x"), 0o777))
	_, err := Run(context.Background(), o, in)
	require.NoError(t, err)
	failed := 0
	for _, e := range *events {
		if e, ok := e.(SaveFailed); ok {
			failed++
			assert.Equal(t, "m-1_3.ckpt", filepath.Base(e.Path))
			assert.ErrorContains(t, e.Err, "m-1_3.ckpt")
		}
	}
	assert.Equal(t, 1, failed)
	assert.FileExists(t, filepath.Join(o.SaveDir, "m-3_3.ckpt"))
}

func TestARunWhoseLastSaveFailedFails(t *testing.T) {
	o, in, _ := small(t)
	require.NoError(t, os.MkdirAll(filepath.Join(o.SaveDir, "m-3_3.ckpt", "x"), 0o777))
	_, err := Run(context.Background(), o, in)
	var unsaved *ErrUnsaved
	require.True(t, errors.As(err, &unsaved), "%v", err)
	assert.ErrorContains(t, err, "m-3_3.ckpt")
}
