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
	repeats []uint16      // by slot: how often the sample came before in the epoch
	bad     []badSample   // in the order of their slots
	good    int           // samples that could be read
	spare   []byte        // of Mix, a picture
	held    bool          // handed out and not released
}

// badSample is a sample that could not be read.
type badSample struct {
	index int
	err   error
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
	n, rows := l.cfg.Batch, l.cfg.Batch*l.cfg.Splits
	b := &Batch{
		Images: make([]byte, rows*l.imageBytes()), Labels: make([]int32, rows), Index: make([]int, n), splits: l.cfg.Splits,
		fill: filling{done: make(chan struct{}, 1), errs: make([]error, n), repeats: make([]uint16, n)},
	}
	if l.cfg.Mix.IsOn() {
		b.Partners, b.Lambda = make([]int32, rows), make([]float32, rows)
	}
	return b
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
func (l *Loader) assign(b *Batch, order []int, epoch, step int) {
	b.Step, b.Count = step, l.slots(step)
	for k := range b.Count {
		at := l.shard.Position(step, l.cfg.Batch, k)
		if r := l.cfg.Repeats; r > 0 {
			b.fill.repeats[k] = uint16(at % r)
			at /= r
		}
		b.Index[k] = order[at%len(order)]
		for split := range b.splits {
			b.Labels[split*b.Count+k] = int32(l.cfg.Dataset.Label(b.Index[k]))
		}
	}
	clear(b.fill.errs)
	b.fill.pending.Store(int32(b.Count))
	if b.Count == 0 {
		l.finish(b, epoch)
		b.fill.done <- struct{}{}
	}
}

// image is the memory of a row.
func (l *Loader) image(b *Batch, row int) []byte {
	size := l.imageBytes()
	return b.Images[row*size : (row+1)*size : (row+1)*size]
}

// rows appends the memory of the pictures of sample k.
func (l *Loader) rows(list [][]byte, b *Batch, k int) [][]byte {
	for split := range b.splits {
		list = append(list, l.image(b, split*b.Count+k))
	}
	return list
}

// finish makes a batch of which every slot was tried ready for use. The last of its workers does it, so that nobody waits for it twice.
func (l *Loader) finish(b *Batch, epoch int) {
	f := &b.fill
	f.bad, f.good = f.bad[:0], 0
	for k, err := range f.errs[:b.Count] {
		if err != nil {
			f.bad = append(f.bad, badSample{b.Index[k], err})
			continue
		}
		f.good++
	}
	switch {
	case len(f.bad) == 0:
	case l.cfg.Train:
		l.standIn(b)
	default:
		l.closeGaps(b)
	}
	clear(b.Images[b.Rows()*l.imageBytes():])
	for row := b.Rows(); row < len(b.Labels); row++ {
		b.Labels[row] = -1
	}
	for k := b.Count; k < l.cfg.Batch; k++ {
		b.Index[k] = -1
	}
	if b.Lambda != nil {
		l.mix(b, epoch)
	}
}

// settle tells of the samples of a finished batch that could not be read.
func (l *Loader) settle(b *Batch) error {
	for _, bad := range b.fill.bad {
		var u unfit
		if errors.As(bad.err, &u) {
			return u.error
		}
		if err := l.noteBad(bad.index, bad.err); err != nil {
			return err
		}
	}
	if l.cfg.Train && b.fill.good == 0 && b.Count > 0 {
		return fmt.Errorf("data loader: step %d: none of the %d samples of the batch can be read: %w", b.Step, b.Count, b.fill.bad[0].err)
	}
	return nil
}

// standIn replaces each bad sample by the next good one, cyclically.
func (l *Loader) standIn(b *Batch) {
	if b.fill.good == 0 {
		return
	}
	n := b.Count
	for k := range n {
		for from := k; b.fill.errs[k] != nil; {
			if from = (from + 1) % n; b.fill.errs[from] == nil {
				l.copySlot(b, k, from)
				break
			}
		}
	}
}

// closeGaps moves the good samples together and counts them alone. There are no splits in evaluation.
func (l *Loader) closeGaps(b *Batch) {
	good := 0
	for k := range b.Count {
		if b.fill.errs[k] == nil {
			l.copySlot(b, good, k)
			good++
		}
	}
	b.Count = good
}

func (l *Loader) copySlot(b *Batch, to, from int) {
	if to == from {
		return
	}
	for split := range b.splits {
		copy(l.image(b, split*b.Count+to), l.image(b, split*b.Count+from))
		b.Labels[split*b.Count+to] = b.Labels[split*b.Count+from]
	}
	b.Index[to] = b.Index[from]
}
