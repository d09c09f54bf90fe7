package netplan

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPoolRunsEveryChunkOnce(t *testing.T) {
	for threads := 1; threads <= 5; threads++ {
		p := NewPool(threads)
		require.Equal(t, threads, p.Threads())
		for chunks := range 40 {
			counts := make([]atomic.Int32, chunks)
			p.Run(chunks, func(chunk, worker int) {
				if worker < 0 || worker >= threads {
					t.Errorf("worker %d of %d", worker, threads)
				}
				counts[chunk].Add(1)
			})
			for i := range counts {
				require.EqualValues(t, 1, counts[i].Load(), "chunk %d of %d, %d threads", i, chunks, threads)
			}
		}
		p.Close()
	}
}

// TestPoolWakes runs steps on helpers that have parked before.
func TestPoolWakes(t *testing.T) {
	p := NewPool(3)
	defer p.Close()
	for range 5 {
		for _, h := range p.helpers {
			for !h.parked.Load() {
				relax(yieldTurn)
			}
		}
		var sum atomic.Int64
		p.Run(100, func(chunk, _ int) { sum.Add(int64(chunk)) })
		require.EqualValues(t, 4950, sum.Load())
	}
}

// TestPoolOrder: what one step writes the next one reads, whoever ran it. The race detector looks on.
func TestPoolOrder(t *testing.T) {
	p := NewPool(4)
	defer p.Close()
	from, to := make([]int, 64), make([]int, 64)
	for range 500 {
		p.Run(len(from), func(chunk, _ int) { to[chunk] = from[(chunk+1)%len(from)] + 1 })
		from, to = to, from
	}
	for _, v := range from {
		require.Equal(t, 500, v)
	}
}

func TestPoolCloses(t *testing.T) {
	NewPool(0).Close()
	for range 20 {
		NewPool(4).Close() // before the helpers have begun
	}
	p := NewPool(3)
	p.Run(10, func(int, int) {})
	p.Close()
}

func TestPoolRunAllocatesNothing(t *testing.T) {
	p := NewPool(2)
	defer p.Close()
	task := func(int, int) {}
	require.Zero(t, testing.AllocsPerRun(100, func() { p.Run(8, task) }))
}
