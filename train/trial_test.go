package train

import (
	"context"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// emptyFolder makes the run's folder one that must stay as it is.
func emptyFolder(t *testing.T, o *Options) {
	t.Helper()
	o.SaveDir = t.TempDir()
	t.Cleanup(func() {
		entries, err := os.ReadDir(o.SaveDir)
		require.NoError(t, err)
		assert.Empty(t, entries, "nothing is left behind")
	})
}

func TestFindLRSweepsUpAndLeavesNothing(t *testing.T) {
	o, in, _ := small(t)
	emptyFolder(t, &o)
	curve, err := FindLR(context.Background(), o, in, Sweep{From: 1e-4, To: 1e3, Steps: 40})
	require.NoError(t, err)
	require.NotEmpty(t, curve.Points)
	assert.InDelta(t, 1e-4, curve.Points[0].LR, 1e-9)
	ratio := math.Pow(1e7, 1.0/39)
	for i := 1; i < len(curve.Points); i++ {
		assert.InEpsilon(t, ratio, curve.Points[i].LR/curve.Points[i-1].LR, 1e-5, "each rate is as much larger than the one before")
	}
	assert.True(t, curve.Diverged, "a learning rate of 1000 explodes")
	assert.Less(t, len(curve.Points), 40, "and ends the sweep")
}

func TestFindLREndsWithItsContext(t *testing.T) {
	o, in, _ := small(t)
	emptyFolder(t, &o)
	ctx, cancel := context.WithCancel(context.Background())
	steps := 0
	o.Report = func(e Event) {
		if _, ok := e.(Logged); ok {
			if steps++; steps == 5 {
				cancel()
			}
		}
	}
	_, err := FindLR(ctx, o, in, Sweep{From: 1e-4, To: 1, Steps: 40})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 5, steps)
}

func TestSweepRefuses(t *testing.T) {
	for _, s := range []Sweep{{}, {From: 1, To: 1, Steps: 20}, {From: 0, To: 1, Steps: 20}, {From: 1e-3, To: 1, Steps: 9},
		{From: 1, To: math.Inf(1), Steps: 20}, {From: math.NaN(), To: 1, Steps: 20}} {
		_, err := FindLR(context.Background(), Options{}, Inputs{}, s)
		assert.ErrorContains(t, err, "want 0 < from < to", "%+v", s)
	}
}

func TestCurveSmoothsAndSuggests(t *testing.T) {
	s := Sweep{From: 1e-5, To: 10, Steps: 120}
	var c LRCurve
	loss := func(lr float64) float64 { // falls fastest at 1e-2, is lowest near 0.3, then rises without end
		return 3 - 2/(1+math.Pow(lr/1e-2, -1.5)) + math.Pow(lr/2, 3)
	}
	for _, lr := range s.rates() {
		if c.add(lr, loss(lr)); c.Diverged {
			break
		}
	}
	c.judge(s.Steps)
	assert.True(t, c.Diverged)
	assert.InEpsilon(t, 3.0, c.Points[0].Smoothed, 1e-4, "the average is right from its first value")
	first, second := c.Points[0].Loss, c.Points[1].Loss
	assert.InEpsilon(t, (0.95*0.05*first+0.05*second)/(1-0.95*0.95), c.Points[1].Smoothed, 1e-12)
	// The average lags behind by some 20 steps of a factor of 1.12, which is a factor of 10 at most.
	assert.Greater(t, c.Suggest, 1e-2)
	assert.Less(t, c.Suggest, 1e-1)
	assert.Less(t, c.Suggest, c.Lowest.LR)
}

func TestCurveThatNeverFallsSuggestsNothing(t *testing.T) {
	var c LRCurve
	for _, lr := range (Sweep{From: 1e-3, To: 1, Steps: 30}).rates() {
		c.add(lr, 2+lr)
	}
	c.judge(30)
	assert.Zero(t, c.Suggest)
	assert.Zero(t, c.Fell)
	c.add(2, math.NaN())
	assert.True(t, c.Diverged)
	assert.Len(t, c.Points, 30, "what is not a number is no point")
}

func TestCurveThatHardlyFallsSuggestsNothing(t *testing.T) {
	var c LRCurve
	for i, lr := range (Sweep{From: 1e-3, To: 1, Steps: 100}).rates() {
		c.add(lr, 2-0.0005*float64(i))
	}
	c.judge(100)
	assert.Positive(t, c.Fell)
	assert.Less(t, c.Fell, 0.05)
	assert.Zero(t, c.Suggest, "two hundredths are what batches differ by")
}

func TestOverfitBatch(t *testing.T) {
	o, in, _ := small(t)
	emptyFolder(t, &o)
	in.Arch.DropRate = 0
	o.Schedule.LR, o.Optimizer.Name = 0.003, "adam"
	got, err := OverfitBatch(context.Background(), o, in, 300)
	require.NoError(t, err)
	assert.True(t, got.Passed, "%+v", got)
	assert.LessOrEqual(t, got.Last, 0.02*got.First)
	assert.Equal(t, 4, got.Images)
	assert.Less(t, got.Steps, 300, "it ends as soon as it has passed")
}

func TestOverfitBatchFailsWithoutLearning(t *testing.T) {
	o, in, _ := small(t)
	emptyFolder(t, &o)
	in.Arch.DropRate = 0
	o.Schedule.LR = 0
	got, err := OverfitBatch(context.Background(), o, in, 5)
	require.NoError(t, err)
	assert.False(t, got.Passed)
	assert.Equal(t, 5, got.Steps)
	assert.Equal(t, got.First, got.Last)
}

func TestOverfitBatchSaysThatItDiverges(t *testing.T) {
	o, in, _ := small(t)
	emptyFolder(t, &o)
	o.Schedule.LR = 1e20
	_, err := OverfitBatch(context.Background(), o, in, 20)
	require.ErrorIs(t, err, ErrDiverged)
	assert.ErrorContains(t, err, "try a lower --lr")
}

// The entropy of (0.91, 0.01 nine times), which is 0.1 of smoothing over ten classes.
func TestSmoothingFloor(t *testing.T) {
	assert.InDelta(t, -(0.91*math.Log(0.91) + 9*0.01*math.Log(0.01)), smoothingFloor(0.1, 10), 1e-12)
	assert.Zero(t, smoothingFloor(0, 10))
}

func TestPlanMeasuresAndWritesNothing(t *testing.T) {
	o, in, _ := small(t)
	emptyFolder(t, &o)
	p, err := MakePlan(o, in)
	require.NoError(t, err)
	assert.Equal(t, 3, p.StepsPerEpoch)
	assert.Len(t, p.Rates, 9)
	trained, all := in.Arch.Count()
	want := map[string]int64{"parameters": int64(4 * all), "gradients": int64(4 * trained), "optimizer state": int64(4 * trained)}
	for _, m := range p.Memory {
		assert.Positive(t, m.Bytes, m.Use)
		if w, ok := want[m.Use]; ok {
			assert.Equal(t, w, m.Bytes, m.Use)
			delete(want, m.Use)
		}
	}
	assert.Empty(t, want)
	o.Optimizer.Name = "none"
	_, err = MakePlan(o, in)
	assert.ErrorContains(t, err, `opt "none"`)
}
