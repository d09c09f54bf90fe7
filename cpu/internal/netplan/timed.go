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

// RunTimed is Run for a plan with one image; spent[i] becomes the time that step i of Steps took.
func (p *Plan) RunTimed(x, y, weights, scratch []float32, spent []time.Duration) error {
	if p.net.N != 1 || len(spent) != len(p.layers)+1 {
		return fmt.Errorf("netplan: time %d steps of %d images: want %d steps and one image", len(spent), p.net.N, len(p.layers)+1)
	}
	start := time.Now()
	p.observe = func(step int) {
		now := time.Now()
		spent[step] = now.Sub(start)
		start = now
	}
	defer func() { p.observe = nil }()
	return p.Run(x, y, weights, scratch)
}

// mark says that a step is over.
func (p *Plan) mark(step int) {
	if p.observe != nil {
		p.observe(step)
	}
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
