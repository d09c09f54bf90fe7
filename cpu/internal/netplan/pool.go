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
// keeps from running, and that holds no chunk, is not waited for. For one that holds a chunk the caller spins a while and
// then parks too, which leaves its core to be given to that goroutine.
type Pool struct {
	task    func(chunk, worker int)
	_       [64]byte
	claim   atomic.Uint64 // chunks of the step << 32, and the next one
	_       [64]byte
	done    atomic.Int64 // chunks completed
	_       [64]byte
	caller  sleeper
	helpers []*sleeper
	closed  atomic.Bool
	exit    sync.WaitGroup

	finished, needed func() bool // isFinished and isNeeded, made once so that Run allocates nothing
}

// sleeper is how a goroutine parks and is woken.
type sleeper struct {
	parked atomic.Bool
	wake   chan struct{}
	_      [64]byte
}

func newSleeper() sleeper { return sleeper{wake: make(chan struct{}, 1)} }

// sleep parks until rouse is called. What made ready true before parked was set is seen here, later changes are followed by
// rouse.
func (s *sleeper) sleep(ready func() bool) {
	s.parked.Store(true)
	if ready() && s.parked.CompareAndSwap(true, false) {
		return
	}
	<-s.wake
}

// rouse wakes the goroutine if it is parked, or about to be.
func (s *sleeper) rouse() {
	if s.parked.Load() && s.parked.CompareAndSwap(true, false) {
		s.wake <- struct{}{}
	}
}

const (
	helperSpin = 100 * time.Microsecond // without work before a helper parks
	callerSpin = 50 * time.Microsecond  // with nothing left to claim before the caller parks
	yieldTurn  = 64                     // turns of spinning between calls of the scheduler, about 2.5 microseconds
)

// NewPool starts threads-1 goroutines; the caller of Run is the remaining thread. Close ends them.
func NewPool(threads int) *Pool {
	p := &Pool{caller: newSleeper(), helpers: make([]*sleeper, max(threads, 1)-1)}
	p.finished, p.needed = p.isFinished, p.isNeeded
	p.exit.Add(len(p.helpers))
	for i := range p.helpers {
		s := newSleeper()
		p.helpers[i] = &s
		go p.help(&s, i+1)
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
		h.rouse()
	}
	p.drain(0)
	for !spin(callerSpin, p.finished) {
		p.caller.sleep(p.finished) // a rouse for the step before may come late, hence the loop
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
		if p.done.Add(1) == int64(chunks) && worker != 0 {
			p.caller.rouse()
		}
	}
}

func (p *Pool) hasWork() bool {
	word := p.claim.Load()
	return word&0xffffffff < word>>32
}

func (p *Pool) isFinished() bool { return p.done.Load() == int64(p.claim.Load()>>32) }

func (p *Pool) isNeeded() bool { return p.hasWork() || p.closed.Load() }

func (p *Pool) help(s *sleeper, worker int) {
	defer p.exit.Done()
	for !p.closed.Load() {
		p.drain(worker)
		if !spin(helperSpin, p.needed) {
			s.sleep(p.needed)
		}
	}
}

// spin waits for at most about the given time and reports whether ready is true.
func spin(limit time.Duration, ready func() bool) bool {
	start := time.Now()
	for turn := 1; !ready(); turn++ {
		relax(turn)
		if turn%yieldTurn == 0 && time.Since(start) > limit {
			return ready()
		}
	}
	return true
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
		h.rouse()
	}
	p.exit.Wait()
}
