package backend

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRecordWithoutARecorderCallsTheStep(t *testing.T) {
	calls := 0
	r, err := Record(primitivesOnly(), func() error { calls++; return nil })
	require.NoError(t, err)
	assert.Zero(t, calls)
	require.NoError(t, r.Run())
	require.NoError(t, r.Run())
	assert.Equal(t, 2, calls)
	require.NoError(t, r.Close())
	r, err = Record(primitivesOnly(), func() error { return errBroken })
	require.NoError(t, err)
	assert.ErrorIs(t, r.Run(), errBroken)
}

// timer is a fake with a clock of its own.
type timer struct{ *fake }

func (timer) Elapsed(f func() error) (time.Duration, error) { return 42, f() }

func TestElapsed(t *testing.T) {
	f := primitivesOnly()
	d, err := Elapsed(f, func() error { f.ran = append(f.ran, "work"); return nil })
	require.NoError(t, err)
	assert.GreaterOrEqual(t, d, time.Duration(0))
	assert.Equal(t, []string{"sync", "work", "sync"}, f.ran)
	_, err = Elapsed(f, func() error { return errBroken })
	assert.ErrorIs(t, err, errBroken)
	d, err = Elapsed(wrapped{timer{f}}, func() error { return nil })
	require.NoError(t, err)
	assert.Equal(t, time.Duration(42), d)
}
