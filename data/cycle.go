package data

import (
	"context"
	"errors"
	"io"
)

// Cycle hands out the batches of a loader, epoch after epoch. The zero value with a Loader is ready.
type Cycle struct {
	Loader *Loader
	it     *Iterator
	epoch  int
}

// Next returns the next batch, which must be given back with Release. An epoch without batches is an error.
func (c *Cycle) Next(ctx context.Context) (*Batch, error) {
	for fresh := false; ; {
		if c.it == nil {
			c.it = c.Loader.Epoch(ctx, c.epoch, 0)
			c.epoch++
			fresh = true
		}
		b, err := c.it.Next()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !errors.Is(err, io.EOF) {
			return b, err
		}
		if fresh {
			return nil, io.ErrUnexpectedEOF
		}
		c.Close()
	}
}

// Release gives b back.
func (c *Cycle) Release(b *Batch) { c.it.Release(b) }

// Close ends the epoch in progress. The next one begins with Next.
func (c *Cycle) Close() {
	if c.it != nil {
		c.it.Close()
		c.it = nil
	}
}
