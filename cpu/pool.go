package cpu

import (
	"sync"
	"sync/atomic"
)

// pool is the goroutines that compute. The caller's own is number 0; the others wait between steps.
type pool struct {
	wake   []chan struct{} // one for each goroutine besides the caller's
	task   func(chunk, worker int)
	chunks int64
	next   atomic.Int64 // the first chunk that nobody has claimed
	done   sync.WaitGroup
	exit   sync.WaitGroup
}

func newPool(threads int) *pool {
	p := &pool{wake: make([]chan struct{}, threads-1)}
	p.exit.Add(len(p.wake))
	for i := range p.wake {
		p.wake[i] = make(chan struct{}, 1)
		go p.work(i+1, p.wake[i])
	}
	return p
}

// threads returns how many goroutines compute. Workers are numbered below it.
func (p *pool) threads() int { return len(p.wake) + 1 }

// run calls task once for every chunk and returns when all are done. Which worker gets which chunk is left to chance, so
// task may use the number of the worker for scratch memory only.
func (p *pool) run(chunks int, task func(chunk, worker int)) {
	helpers := min(len(p.wake), chunks-1)
	if helpers < 1 {
		for i := range chunks {
			task(i, 0)
		}
		return
	}
	p.task, p.chunks = task, int64(chunks)
	p.next.Store(0)
	p.done.Add(helpers)
	for _, wake := range p.wake[:helpers] {
		wake <- struct{}{}
	}
	p.drain(0)
	p.done.Wait()
	p.task = nil
}

func (p *pool) drain(worker int) {
	for {
		chunk := p.next.Add(1) - 1
		if chunk >= p.chunks {
			return
		}
		p.task(int(chunk), worker)
	}
}

func (p *pool) work(worker int, wake <-chan struct{}) {
	defer p.exit.Done()
	for range wake {
		p.drain(worker)
		p.done.Done()
	}
}

// close ends the goroutines.
func (p *pool) close() {
	for _, wake := range p.wake {
		close(wake)
	}
	p.exit.Wait()
}
