package data

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// filling is the state of a batch while workers fill it.
type filling struct {
	pending atomic.Int32  // slots not done
	done    chan struct{} // receives one value when pending reaches 0
	errs    []error       // by slot
	held    bool          // handed out and not released
}

// newBatch returns a batch from the pool, or a new one.
func (l *Loader) newBatch() *Batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := len(l.pool) - 1; last >= 0 {
		b := l.pool[last]
		l.pool = l.pool[:last]
		return b
	}
	n := l.cfg.Batch
	return &Batch{
		Images: make([]byte, n*l.imageBytes()), Labels: make([]int32, n), Index: make([]int, n),
		fill: filling{done: make(chan struct{}, 1), errs: make([]error, n)},
	}
}

// recycle puts a batch that nobody works on back into the pool.
func (l *Loader) recycle(b *Batch) {
	select {
	case <-b.fill.done:
	default:
	}
	b.fill.held = false
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pool = append(l.pool, b)
}

// assign tells a batch which samples of the order it holds.
func (l *Loader) assign(b *Batch, order []int, step int) {
	b.Step, b.Count = step, l.slots(step)
	for k := range b.Count {
		b.Index[k] = order[l.shard.Position(step, l.cfg.Batch, k)%len(order)]
		b.Labels[k] = int32(l.cfg.Dataset.Label(b.Index[k]))
	}
	clear(b.fill.errs)
	b.fill.pending.Store(int32(b.Count))
	if b.Count == 0 {
		b.fill.done <- struct{}{}
	}
}

// image is the memory of slot k.
func (l *Loader) image(b *Batch, k int) []byte {
	size := l.imageBytes()
	return b.Images[k*size : (k+1)*size : (k+1)*size]
}

// settle deals with the samples of a full batch that could not be read, and blanks the padding.
func (l *Loader) settle(b *Batch) error {
	for k, err := range b.fill.errs[:b.Count] {
		if err == nil {
			continue
		}
		var u unfit
		if errors.As(err, &u) {
			return u.error
		}
		if err := l.noteBad(b.Index[k], err); err != nil {
			return err
		}
	}
	if err := l.standIn(b); err != nil {
		return err
	}
	clear(b.Images[b.Count*l.imageBytes():])
	for k := b.Count; k < l.cfg.Batch; k++ {
		b.Labels[k], b.Index[k] = -1, -1
	}
	return nil
}

// standIn replaces bad samples by the next good one (training), or closes the gaps (evaluation).
func (l *Loader) standIn(b *Batch) error {
	n, good := b.Count, 0
	for k := range n {
		if b.fill.errs[k] != nil {
			continue
		}
		if !l.cfg.Train {
			l.copySlot(b, good, k)
		}
		good++
	}
	switch {
	case !l.cfg.Train:
		b.Count = good
	case good == 0:
		return fmt.Errorf("data loader: step %d: none of the %d samples of the batch can be read: %w", b.Step, n, b.fill.errs[0])
	case good < n:
		for k := range n {
			for from := k; b.fill.errs[k] != nil; {
				if from = (from + 1) % n; b.fill.errs[from] == nil {
					l.copySlot(b, k, from)
					break
				}
			}
		}
	}
	return nil
}

func (l *Loader) copySlot(b *Batch, to, from int) {
	if to == from {
		return
	}
	copy(l.image(b, to), l.image(b, from))
	b.Labels[to], b.Index[to] = b.Labels[from], b.Index[from]
}
