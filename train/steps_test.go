package train

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStepsGoOnAfterAnEpoch takes more steps than an epoch has and leaves nothing behind.
func TestStepsGoOnAfterAnEpoch(t *testing.T) {
	o, in, _ := small(t)
	emptyFolder(t, &o)
	n := 2*in.Train.Steps() + 1
	s, err := NewSteps(o, in, n)
	require.NoError(t, err)
	for range n {
		input, err := s.Step(context.Background())
		require.NoError(t, err)
		assert.GreaterOrEqual(t, input.Nanoseconds(), int64(0))
	}
	assert.Equal(t, n, s.trial.at.GlobalStep)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = s.Step(ended)
	assert.ErrorIs(t, err, context.Canceled)
	assert.NoError(t, s.Close())
}

func TestStepsRefuseAWrongSchedule(t *testing.T) {
	o, in, _ := small(t)
	o.Schedule.Name = "guess"
	_, err := NewSteps(o, in, 1)
	assert.ErrorContains(t, err, "guess")
}
