package devices

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

func TestAutoTakesTheBestThatWorks(t *testing.T) {
	b, passed, err := Open("auto", Options{Threads: 1})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Close()) })
	assert.Equal(t, "cpu", b.Info().Device)
	assert.Equal(t, 1, b.Info().Threads)
	for _, p := range passed {
		assert.ErrorIs(t, p.Err, backend.ErrUnavailable, p.Name)
	}
}

func TestANamedDeviceNeverFallsBack(t *testing.T) {
	for _, spec := range []string{"cuda", "cuda:1", "ascend:0", "cpu:3"} {
		_, _, err := Open(spec, Options{})
		require.ErrorIs(t, err, backend.ErrUnavailable, spec)
		assert.ErrorContains(t, err, spec)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.Contains(t, e.HintText(), "cpu", "the message says what there is")
	}
}

func TestWhatNoDeviceIsCalled(t *testing.T) {
	for _, spec := range []string{"tpu", "cuda:x", "cuda:-1", ":"} {
		_, _, err := Open(spec, Options{})
		var usage *UsageError
		require.ErrorAs(t, err, &usage, spec)
		assert.ErrorAs(t, Check(spec), &usage, spec)
		assert.Equal(t, 2, usage.ExitCode())
	}
	for _, spec := range []string{"", "auto", "cpu", "cuda:7", "ascend"} {
		assert.NoError(t, Check(spec), spec)
	}
}

func TestDebugWrapsTheDevice(t *testing.T) {
	b, _, err := Open("cpu", Options{Threads: 1, Debug: true})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Close()) })
	_, isWrapped := b.(interface{ Unwrap() backend.Backend })
	assert.True(t, isWrapped)
}

func TestListSaysWhyOthersAreNotThere(t *testing.T) {
	list := List(Options{})
	require.Len(t, list, 3)
	for _, s := range list {
		if s.Driver == "cpu" {
			assert.NoError(t, s.Err)
			assert.Len(t, s.Infos, 1)
		} else {
			assert.ErrorIs(t, s.Err, backend.ErrUnavailable)
		}
	}
}
