package data

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// In a synctest bubble a goroutine that is left behind fails the test.

func TestCloseEndsAllGoroutines(t *testing.T) {
	for _, steps := range []int{0, 1, 3, 124, 125} {
		synctest.Test(t, func(t *testing.T) {
			l := newLoader(t, LoaderConfig{Dataset: newFake(1000), Batch: 8, Workers: 6, Prefetch: 3})
			it := l.Epoch(t.Context(), 0, 0)
			for range steps {
				b, err := it.Next()
				require.NoError(t, err)
				it.Release(b)
			}
			it.Close()
			it.Close()
			_, err := it.Next()
			require.ErrorIs(t, err, errClosed)
		})
	}
}

func TestCancelEndsAllGoroutines(t *testing.T) {
	stop := errors.New("stop button")
	synctest.Test(t, func(t *testing.T) {
		l := newLoader(t, LoaderConfig{Dataset: newFake(1000), Batch: 8, Workers: 6, Prefetch: 3})
		ctx, cancel := context.WithCancelCause(t.Context())
		it := l.Epoch(ctx, 0, 0)
		_, err := it.Next()
		require.NoError(t, err)
		cancel(stop)
		_, err = it.Next()
		require.ErrorIs(t, err, stop)
		// Without Close: a cancelled Iterator ends by itself.
	})
}

func TestErrorEndsAllGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoader(t, LoaderConfig{Dataset: newFake(1000, 3), Batch: 8, Workers: 6, Prefetch: 3})
		it := l.Epoch(t.Context(), 0, 0)
		_, err := it.Next()
		require.ErrorIs(t, err, errTorn)
		it.Close()
		l.Epoch(t.Context(), 0, 999).Close()
	})
}

func TestBatchesAreReused(t *testing.T) {
	l := newLoader(t, LoaderConfig{Dataset: newFake(100), Batch: 4, Prefetch: 2})
	seen := map[*Batch]bool{}
	for epoch := range 3 {
		it := l.Epoch(context.Background(), epoch, 0)
		for {
			b, err := it.Next()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			seen[b] = true
			it.Release(b)
			it.Release(b)
		}
		it.Close()
	}
	require.LessOrEqual(t, len(seen), 3)
}

func TestHoldingAllBatchesIsAnErrorNotADeadlock(t *testing.T) {
	l := newLoader(t, LoaderConfig{Dataset: newFake(100), Batch: 4, Prefetch: 2})
	it := l.Epoch(context.Background(), 0, 0)
	defer it.Close()
	for range 3 {
		_, err := it.Next()
		require.NoError(t, err)
	}
	_, err := it.Next()
	require.ErrorContains(t, err, "all 3 batches are held")
}

func TestHeldBatchOutlivesClose(t *testing.T) {
	l := newLoader(t, LoaderConfig{Dataset: newFake(100), Batch: 4, Prefetch: 1})
	it := l.Epoch(context.Background(), 0, 0)
	b, err := it.Next()
	require.NoError(t, err)
	it.Close()
	want := append([]byte(nil), b.Images...)
	other := l.Epoch(context.Background(), 0, 5)
	_, err = other.Next()
	require.NoError(t, err)
	other.Release(b) // not its own: ignored
	other.Close()
	require.Equal(t, want, b.Images)
	it.Release(b)
	require.Contains(t, l.pool, b)
}

// TestSteadyMemory counts what an epoch allocates after the first: nothing for each batch.
func TestSteadyMemory(t *testing.T) {
	l := newLoader(t, LoaderConfig{Dataset: newFake(400), Batch: 100, Workers: 1})
	warm := func() {
		it := l.Epoch(context.Background(), 0, 0)
		defer it.Close()
		for {
			b, err := it.Next()
			if err != nil {
				return
			}
			it.Release(b)
		}
	}
	warm()
	perEpoch := testing.AllocsPerRun(5, warm)
	require.Less(t, perEpoch, 400.0+60, "one picture per sample from Load, and a few for the epoch")
}
