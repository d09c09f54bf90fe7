package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Iterator hands out the batches of one epoch in order. Next, Release, Wait and Close are for one goroutine; what runs ahead is
// the Iterator's own business: one goroutine that plans, Workers that read.
type Iterator struct {
	l       *Loader
	epoch   int
	next    int // step
	ctx     context.Context
	cancel  context.CancelCauseFunc
	batches []*Batch
	free    chan *Batch // may be planned
	ready   chan *Batch // planned, in order
	jobs    chan job
	running sync.WaitGroup
	waited  time.Duration
	err     error
	closed  bool
}

// job is one slot to fill.
type job struct {
	b    *Batch
	slot int
}

var errClosed = errors.New("data loader: the iterator is closed")

// Epoch starts to read an epoch from step firstStep, which may be more than 0 to go on where a run stopped: the batches are those of
// the uninterrupted epoch, and nothing before them is read. Cancelling ctx stops it. The caller must Close the Iterator.
func (l *Loader) Epoch(ctx context.Context, epoch, firstStep int) *Iterator {
	it := &Iterator{l: l, epoch: epoch, next: firstStep}
	it.ctx, it.cancel = context.WithCancelCause(ctx)
	if firstStep < 0 || firstStep > l.steps {
		it.err = fmt.Errorf("data loader: step %d: want 0 to %d, the steps of an epoch", firstStep, l.steps)
		return it
	}
	count := min(l.cfg.Prefetch+1, l.steps-firstStep)
	it.free, it.ready = make(chan *Batch, count), make(chan *Batch, count)
	it.jobs = make(chan job)
	for range count {
		b := l.newBatch()
		it.batches = append(it.batches, b)
		it.free <- b
	}
	it.running.Go(func() { it.plan(firstStep) })
	for range l.cfg.Workers {
		it.running.Go(it.work)
	}
	return it
}

// plan hands out the slots of one batch after the other, as fast as batches become free.
func (it *Iterator) plan(first int) {
	defer close(it.ready)
	defer close(it.jobs)
	order := Permutation(it.l.cfg.Dataset.Len(), it.l.cfg.Seed, it.epoch, it.l.cfg.Shuffle)
	for step := first; step < it.l.steps; step++ {
		var b *Batch
		select {
		case b = <-it.free:
		case <-it.ctx.Done():
			return
		}
		it.l.assign(b, order, it.epoch, step)
		slots := b.Count // the batch belongs to Next once its last slot is done
		it.ready <- b    // has room for all batches
		for k := range slots {
			select {
			case it.jobs <- job{b, k}:
			case <-it.ctx.Done():
				return
			}
		}
	}
}

// work fills slots. After a cancellation it leaves them as they are: Next returns no batch then.
func (it *Iterator) work() {
	w := newWorker(it.l, it.epoch)
	for j := range it.jobs {
		if it.ctx.Err() == nil {
			w.rows = it.l.rows(w.rows[:0], j.b, j.slot)
			j.b.fill.errs[j.slot] = w.fill(w.rows, j.b.Index[j.slot], int(j.b.fill.repeats[j.slot]))
		}
		if j.b.fill.pending.Add(-1) == 0 {
			if it.ctx.Err() == nil {
				it.l.finish(j.b, it.epoch)
			}
			j.b.fill.done <- struct{}{}
		}
	}
}

// Next returns the next batch, waiting for it if need be, or io.EOF after the last one. The caller gives the batch back with Release.
//
// Errors are final: too many unreadable files (wraps decode.ErrImage), samples that do not fit the network, a
// cancelled context, or all Prefetch+1 batches held by the caller.
func (it *Iterator) Next() (*Batch, error) {
	if it.err != nil {
		return nil, it.err
	}
	start := time.Now()
	b, err := it.receive()
	it.waited += time.Since(start)
	if err == nil {
		err = it.l.settle(b)
	}
	if err != nil {
		it.err = err
		it.cancel(err)
		return nil, err
	}
	b.fill.held = true
	it.next++
	return b, nil
}

// receive waits for the next planned batch and for its last slot.
func (it *Iterator) receive() (*Batch, error) {
	if it.next == it.l.steps {
		return nil, io.EOF
	}
	if it.held() == len(it.batches) {
		return nil, fmt.Errorf("data loader: step %d: all %d batches are held: Release them", it.next, len(it.batches))
	}
	b, ok := (*Batch)(nil), false
	select {
	case b, ok = <-it.ready:
	case <-it.ctx.Done():
	}
	if ok {
		select {
		case <-b.fill.done:
		case <-it.ctx.Done():
		}
	}
	// Asked last, because workers that saw the cancellation left slots unfilled.
	if it.ctx.Err() != nil {
		return nil, fmt.Errorf("data loader: step %d: %w", it.next, context.Cause(it.ctx))
	}
	return b, nil
}

func (it *Iterator) held() (n int) {
	for _, b := range it.batches {
		if b.fill.held {
			n++
		}
	}
	return n
}

// Release gives a batch back, whose memory is then used again. Releasing a batch twice, or one of another Iterator, does nothing.
func (it *Iterator) Release(b *Batch) {
	if !slices.Contains(it.batches, b) || !b.fill.held {
		return
	}
	b.fill.held = false
	if it.closed {
		it.l.recycle(b)
		return
	}
	it.free <- b
}

// Wait is the time that Next has waited for batches so far: input wait in the log. It includes the first batch.
func (it *Iterator) Wait() time.Duration { return it.waited }

// Close stops the work and returns when all goroutines have ended. Batches still held stay valid until they are released. Closing twice
// does nothing.
func (it *Iterator) Close() {
	if it.closed {
		return
	}
	it.closed = true
	it.cancel(errClosed)
	it.running.Wait()
	if it.err == nil {
		it.err = errClosed
	}
	for _, b := range it.batches {
		if !b.fill.held {
			it.l.recycle(b)
		}
	}
}
