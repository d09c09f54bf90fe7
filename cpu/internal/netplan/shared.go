package netplan

import "mnv2/cpu/internal/kernels"

// runShared runs one image, up to pooling, on all threads. Pictures of several tiles are cut into bands of rows, one join
// for each block; those of one tile into panels of channels, with a join before the projection.
func (p *Plan) runShared() {
	r := &p.run
	r.in = p.imageInput(r.image)
	for i := range p.layers {
		p.runLayer(i)
	}
	p.pool.Run(len(p.head.last.panels), p.tasks.last)
}

// runLayer runs layer i from run.in, and makes its output the next layer's input.
func (p *Plan) runLayer(i int) {
	r, l := &p.run, &p.layers[i]
	r.layer, r.out = l, p.scratch(p.workers[0].between[i%2], l.out.floats())
	if l.whole {
		p.pool.Run(l.expandChunks, p.tasks.expand)
		p.pool.Run(len(l.project.panels)*l.projectChunks, p.tasks.project)
	} else {
		p.pool.Run(p.bands(l), p.tasks.band)
	}
	r.in = r.out
}

// bands is how many pieces the rows of a large picture are cut into: one for each thread, since every band computes one or
// two rows of the expanded picture that its neighbour has too.
func (p *Plan) bands(l *layer) int { return min(p.pool.Threads(), l.out.h) }

func (p *Plan) bandTask(chunk, worker int) {
	r := &p.run
	bands, rows := p.bands(r.layer), r.layer.out.h
	r.layer.band(p, &p.workers[worker], r.in, r.out, chunk*rows/bands, (chunk+1)*rows/bands)
}

// wholeTile is the tile of a picture that is only one, for output rows done to next.
func (p *Plan) wholeTile(l *layer, done, next int) tile {
	t := tile{to: l.mid.h, done: done, next: next, table: l.table}
	t.cut(p.set, l)
	return t
}

func (p *Plan) expandTask(chunk, worker int) {
	l := p.run.layer
	t := p.wholeTile(l, 0, l.out.h)
	panels := len(l.expand.panels)
	for i := chunk * panels / l.expandChunks; i < (chunk+1)*panels/l.expandChunks; i++ {
		l.expandPanel(p, &p.workers[worker], &t, i, p.run.in, p.workers[0].finished)
	}
}

func (p *Plan) projectTask(chunk, worker int) {
	r := &p.run
	l := r.layer
	panel, part := chunk/l.projectChunks, chunk%l.projectChunks
	t := p.wholeTile(l, part*l.out.h/l.projectChunks, (part+1)*l.out.h/l.projectChunks)
	finished := p.workers[0].finished + t.done*l.out.w*kernels.Lanes
	l.projectPanel(p, &p.workers[worker], &t, panel, r.in, r.out, finished)
}

func (p *Plan) lastTask(chunk, worker int) {
	p.head.pool(p, &p.workers[worker], chunk, p.run.in, p.run.image)
}
