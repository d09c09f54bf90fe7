package cpu

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPoolRunsEveryChunkOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 5} {
		for _, chunks := range []int{0, 1, 2, 4, 100} {
			t.Run(fmt.Sprintf("%d threads %d chunks", threads, chunks), func(t *testing.T) {
				p := newPool(threads)
				defer p.close()
				ran := make([]atomic.Int32, chunks)
				var outside atomic.Int32
				for range 3 {
					p.run(chunks, func(chunk, worker int) {
						ran[chunk].Add(1)
						if worker < 0 || worker >= threads {
							outside.Add(1)
						}
					})
				}
				for i := range ran {
					assert.EqualValues(t, 3, ran[i].Load(), "chunk %d", i)
				}
				assert.Zero(t, outside.Load(), "workers beyond the number of threads")
			})
		}
	}
}
