package netplan

import "mnv2/cpu/internal/kernels"

// runShared runs one image, up to the last block, on all threads. Pictures of several tiles are cut into bands of rows, those of
// one tile into groups of expanded channels, whose outputs are then summed up.
func (p *Plan) runShared(image int) {
	p.run.in, p.run.image = p.imageInput(image), image
	for i := range p.layers {
		p.runLayer(i)
		p.watch.mark(0, i)
	}
}

// runLayer runs layer i from run.in, and makes its output the next layer's input.
func (p *Plan) runLayer(i int) {
	r, l, threads := &p.run, &p.layers[i], p.pool.Threads()
	r.layer, r.out = l, p.scratch(p.workers[0].between[i%2], l.out.floats())
	switch {
	case threads == 1:
		l.band(p, &p.workers[0], r.in, r.out, 0, l.out.h)
	case l.whole:
		p.pool.Run(len(l.groups)*p.bands(l), p.tasks.group)
		p.pool.Run(min(threads, l.out.c/kernels.Lanes), p.tasks.sum)
	default:
		p.pool.Run(p.bands(l), p.tasks.band)
	}
	r.in = r.out
}

// bands is how many pieces the output's rows are cut into. They are few, since every band computes one or two rows of the
// expanded picture that its neighbour has too: one for each thread, or, of a picture of one tile, for as many threads as
// there are groups.
func (p *Plan) bands(l *layer) int {
	return min((p.pool.Threads()-1)/len(l.groups)+1, l.out.h)
}

func (p *Plan) bandTask(chunk, worker int) {
	r := &p.run
	bands, rows := p.bands(r.layer), r.layer.out.h
	r.layer.band(p, &p.workers[worker], r.in, r.out, chunk*rows/bands, (chunk+1)*rows/bands)
}

// groupTask computes a band of one group of a picture of one tile: the first group to the output, the others each to a
// place of its own.
func (p *Plan) groupTask(chunk, worker int) {
	r, l := &p.run, p.run.layer
	bands := p.bands(l)
	i, band := chunk/bands, chunk%bands
	t := tile{done: band * l.out.h / bands, next: (band + 1) * l.out.h / bands}
	t.from, t.to = l.midRows(t.done, t.next)
	t.slot, t.table = t.from, l.table[3*t.done:]
	t.cut(p.set, l)
	if i == 0 {
		l.group(p, &p.workers[worker], &t, 0, r.in, r.out, l.shortcut(r.in))
		return
	}
	l.group(p, &p.workers[worker], &t, i, r.in, p.part(l, i), nil)
}

// part is where group i > 0 leaves its output.
func (p *Plan) part(l *layer, i int) []float32 {
	n := l.out.floats()
	return p.scratch(p.parts+(i-1)*n, n)
}

// sumTask adds the outputs of the groups for some channel blocks, in order of the groups.
func (p *Plan) sumTask(chunk, worker int) {
	l := p.run.layer
	blocks, chunks := l.out.c/kernels.Lanes, min(p.pool.Threads(), l.out.c/kernels.Lanes)
	first, end := chunk*blocks/chunks, (chunk+1)*blocks/chunks
	a := &p.workers[worker].accumulate
	a.Y, a.Count = &p.run.out[first*l.out.plane()], (end-first)*l.out.pixels()
	for i := 1; i < len(l.groups); i++ {
		a.X = &p.part(l, i)[first*l.out.plane()]
		p.set.Accumulate(a)
	}
}
