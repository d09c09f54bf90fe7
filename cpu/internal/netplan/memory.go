package netplan

import "mnv2/cpu/internal/kernels"

// worker is what one thread has to itself.
type worker struct {
	ring     int    // rows of the expanded picture
	finished int    // output of the depthwise convolution
	between  [2]int // block outputs, taking turns; shared by all threads when they share an image
	table    []int  // of row offsets, for kernels.Depthwise

	arguments
	_ [64]byte // keeps threads out of each other's cache lines
}

// arguments are those of the kernels. They are filled in for every call and live in the worker so that no call allocates.
type arguments struct {
	pointwise  kernels.Pointwise
	stem       kernels.Stem
	depthwise  kernels.Depthwise
	matVec     kernels.MatVec
	mean       kernels.Mean
	accumulate kernels.Accumulate
}

// layOut finds places for all that a run stores.
func (p *Plan) layOut() {
	var ring, finished, table, parts, beside int
	var between [2]int
	for i := range p.layers {
		l := &p.layers[i]
		ring, finished = max(ring, l.ringFloats()), max(finished, l.finishedFloats())
		between[i%2] = max(between[i%2], l.out.floats())
		table = max(table, 3*l.finishedRows)
		if p.splitImages && p.pool.Threads() > 1 && l.whole {
			parts, beside = max(parts, (len(l.groups)-1)*l.out.floats()), max(beside, l.in.floats(), l.out.floats())
		}
	}
	var first room // the layers whose outputs have parts are the late, small ones: their parts fit beside them
	first.take(beside)
	p.parts = first.take(parts)
	between[0] = max(between[0], first.used)
	ring = max(ring, p.head.panelFloats())
	var scratch room
	p.workers = make([]worker, p.pool.Threads())
	for i := range p.workers {
		w := &p.workers[i]
		w.ring, w.finished, w.table = scratch.take(ring), scratch.take(finished), make([]int, table)
		if i == 0 || !p.splitImages {
			w.between = [2]int{scratch.take(between[0]), scratch.take(between[1])}
		} else {
			w.between = p.workers[0].between
		}
	}
	p.parts += p.workers[0].between[0]
	p.head.layOut(&scratch, len(p.workers))
	p.scratchFloats = scratch.used
}
