package netplan

import (
	"fmt"
	"time"

	"mnv2/cpu/internal/kernels"
)

// Step is a part of a run that can be timed: a block, with the stem in the first, or the head with the last convolution.
type Step struct {
	Name         string
	MultiplyAdds int // of one image
}

// Steps lists the parts of a run.
func (p *Plan) Steps() []Step {
	var list []Step
	for i := range p.layers {
		l := &p.layers[i]
		list = append(list, Step{l.describe(), l.mid.pixels()*l.groups[0].expand.k*l.mid.c + l.out.pixels()*l.mid.c*(9+l.out.c)})
	}
	h := &p.head
	return append(list, Step{fmt.Sprintf("%dx%d %d->%d, classifier %d", h.in.h, h.in.w, h.in.c, h.net.Last, h.net.Classes),
		h.in.pixels()*h.in.c*h.net.Last + h.net.Last*h.net.Classes})
}

// finish is where a stopwatch keeps the time of what all threads do after the last image: it belongs to the last step.
func (p *Plan) finish() int { return len(p.layers) + 1 }

// stopwatch times the steps of a run. Threads that take whole images have a row each.
type stopwatch struct {
	rows [][]time.Duration // by worker, then by step, the finish after them
	last []time.Time       // by worker
}

// begin says that worker begins a step now.
func (s *stopwatch) begin(worker int) {
	if s != nil {
		s.last[worker] = time.Now()
	}
}

// mark says that worker has ended a step and begins another one.
func (s *stopwatch) mark(worker, step int) {
	if s == nil {
		return
	}
	now := time.Now()
	s.rows[worker][step] += now.Sub(s.last[worker])
	s.last[worker] = now
}

// RunTimed is Run; spent[i] becomes the time that step i of Steps took. Where threads take whole images it is the sum of theirs,
// divided by their number.
func (p *Plan) RunTimed(x, y, weights, scratch []float32, spent []time.Duration) error {
	steps := len(p.layers) + 1
	if len(spent) != steps {
		return fmt.Errorf("netplan: time %d steps: want %d", len(spent), steps)
	}
	watch := &stopwatch{last: make([]time.Time, len(p.workers))}
	for range p.workers {
		watch.rows = append(watch.rows, make([]time.Duration, p.finish()+1))
	}
	watch.begin(0)
	p.watch = watch
	defer func() { p.watch = nil }()
	if err := p.Run(x, y, weights, scratch); err != nil {
		return err
	}
	for i := range spent {
		spent[i] = 0
		for _, row := range watch.rows {
			spent[i] += row[i]
		}
		if !p.splitImages {
			spent[i] /= time.Duration(p.pool.Threads())
		}
	}
	spent[steps-1] += watch.rows[0][p.finish()]
	return nil
}

// PeakRate measures the limit now: multiply-adds in registers, on all threads of the pool, for about n microseconds, in
// floating-point operations a second. It is 0 if there is no probe for this machine.
func PeakRate(pool *Pool, n int) float64 {
	const unitsPerMicrosecond = 150 // of kernels.Peak on a core at 3.5 GHz
	if !kernels.Peak(1) {
		return 0
	}
	units := unitsPerMicrosecond * n
	start := time.Now()
	pool.Run(pool.Threads(), func(int, int) { kernels.Peak(units) })
	return float64(pool.Threads()*units) * kernels.PeakFLOPs / time.Since(start).Seconds()
}
