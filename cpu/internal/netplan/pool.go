package netplan

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"mnv2/cpu/internal/kernels"
)

// Pool is goroutines that compute together with the caller of Run. Between two steps of an inference, which are
// microseconds apart, they spin; when there was nothing to do for a while they park and cost nothing.
//
// A step is chunks that everyone claims from a counter. It is over when all chunks are done: a goroutine that the system
// keeps from running, and that holds no chunk, is not waited for.
type Pool struct {
	task    func(chunk, worker int)
	_       [64]byte
	claim   atomic.Uint64 // chunks of the step << 32, and the next one
	_       [64]byte
	done    atomic.Int64 // chunks completed
	_       [64]byte
	helpers []*helper
	closed  atomic.Bool
	exit    sync.WaitGroup
}

// helper is one goroutine of the pool.
type helper struct {
	parked atomic.Bool
	wake   chan struct{}
	_      [64]byte
}

const (
	spinTime  = 100 * time.Microsecond // without work before a helper parks
	yieldTurn = 64                     // turns of spinning between calls of the scheduler, about 2.5 microseconds
)

// NewPool starts threads-1 goroutines; the caller of Run is the remaining thread. Close ends them.
func NewPool(threads int) *Pool {
	p := &Pool{helpers: make([]*helper, max(threads, 1)-1)}
	p.exit.Add(len(p.helpers))
	for i := range p.helpers {
		p.helpers[i] = &helper{wake: make(chan struct{}, 1)}
		go p.help(p.helpers[i], i+1)
	}
	return p
}

// Threads returns how many chunks can run at once. Workers are numbered below it.
func (p *Pool) Threads() int { return len(p.helpers) + 1 }

// Run calls task for every chunk from 0 on and returns when all are done. Which worker gets which chunk is left to chance,
// so task may use the worker's number for scratch memory only. It must not be called twice at once, nor from a task.
func (p *Pool) Run(chunks int, task func(chunk, worker int)) {
	if len(p.helpers) == 0 || chunks < 2 {
		for i := range chunks {
			task(i, 0)
		}
		return
	}
	p.task = task
	p.done.Store(0)
	p.claim.Store(uint64(chunks) << 32)
	for _, h := range p.helpers[:min(len(p.helpers), chunks-1)] {
		if h.parked.Load() && h.parked.CompareAndSwap(true, false) {
			h.wake <- struct{}{}
		}
	}
	p.drain(0)
	for turn := 1; p.done.Load() != int64(chunks); turn++ {
		relax(turn)
	}
	p.task = nil
}

// drain claims chunks until there are none. Adding to a counter that is used up claims nothing, so that a helper that comes
// late does no harm: it learns from the same word whether its number is a chunk of the step that runs now.
func (p *Pool) drain(worker int) {
	for p.hasWork() {
		word := p.claim.Add(1) - 1
		chunk, chunks := word&0xffffffff, word>>32
		if chunk >= chunks {
			return
		}
		p.task(int(chunk), worker)
		p.done.Add(1)
	}
}

func (p *Pool) hasWork() bool {
	word := p.claim.Load()
	return word&0xffffffff < word>>32
}

func (p *Pool) help(h *helper, worker int) {
	defer p.exit.Done()
	for !p.closed.Load() {
		p.drain(worker)
		if !p.spin() {
			p.park(h)
		}
	}
}

// spin waits a while for work and reports whether there is some.
func (p *Pool) spin() bool {
	start := time.Now()
	for turn := 1; !p.hasWork(); turn++ {
		relax(turn)
		if turn%yieldTurn == 0 && (time.Since(start) > spinTime || p.closed.Load()) {
			return false
		}
	}
	return true
}

// park waits without spinning. Work that came before parked was set is seen here, later work wakes the helper.
func (p *Pool) park(h *helper) {
	h.parked.Store(true)
	if (p.hasWork() || p.closed.Load()) && h.parked.CompareAndSwap(true, false) {
		return
	}
	<-h.wake
}

// relax is one turn of spinning. It lets other goroutines run now and then, which matters where they are more than cores.
func relax(turn int) {
	if turn%yieldTurn == 0 {
		runtime.Gosched()
		return
	}
	kernels.Pause(1)
}

// Close ends the goroutines. Run must not be called again.
func (p *Pool) Close() {
	p.closed.Store(true)
	for _, h := range p.helpers {
		if h.parked.CompareAndSwap(true, false) {
			h.wake <- struct{}{}
		}
	}
	p.exit.Wait()
}
