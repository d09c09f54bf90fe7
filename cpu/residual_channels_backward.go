package cpu

// gradChannels takes dy to dz3 for a channel block.
func (r *residual) gradChannels(block, worker int) {
	n3 := r.projectNorm
	all := r.op.N * r.outPlane
	r.copyPlanes(worker, r.t.dz3.planes(0, block), r.t.dy.planes(0, block), planes{}, r.op.N, r.outPlane)
	z, dz := r.t.z3.at(0, block, 0)[:all], r.t.dz3.at(0, block, 0)[:all]
	n3.recall(block)
	m := n3.part(0, block)
	*m = moments{}
	n3.addGradients(worker, m, block, z, dz)
	n3.finishGradient(block, worker)
	n3.gradientRun(worker, block, dz, z, dz)
	r.forget(worker)
}

// unslideChannels takes dz3 to dz1 for a panel, with all gradients of weights on the way.
func (r *residual) unslideChannels(chunk, worker int) {
	p := &r.panels[chunk]
	all := r.op.N * r.outPlane
	db, made := r.unprojectChannels(worker, p)
	for i := range p.blocks {
		block, n2 := p.block+i, r.slideNorm
		n2.recall(block)
		r.expandNorm.recall(block)
		z := r.t.z2.at(0, block, 0)[:all]
		n2.normaliseRun(worker, block, made[i*all:], z)
		m := n2.part(0, block)
		*m = moments{}
		n2.addGradients(worker, m, block, z, db[i*all:])
		n2.finishGradient(block, worker)
	}
	r.products.sum(worker, products{dw: r.t.projectDW[p.block*lanes:], row: r.op.E, dy: r.t.dz3.at(0, 0, 0), dyBlock: all,
		dyBlocks: r.outBlocks, x: made, xBlock: all, xBlocks: p.blocks, pixels: all})
	for i := range p.blocks {
		r.unslideChannel(worker, p.block+i, db[i*all:(i+1)*all], made[p.blocks*all:])
	}
	r.products.sum(worker, products{dw: r.t.expandDW[p.block*lanes*r.op.C:], row: r.op.C, dy: r.t.da.at(0, p.block, 0), dyBlock: r.t.da.block,
		dyBlocks: p.blocks, x: r.t.folded.at(0, 0, 0), xBlock: r.t.folded.block, xBlocks: r.inBlocks, pixels: r.op.N * r.inPlane})
	r.forget(worker)
}

// unprojectChannels computes db of a panel, in the worker's own memory, and returns the rest of that too.
func (r *residual) unprojectChannels(worker int, p *panel) (db, rest []vec) {
	all := r.op.N * r.outPlane
	for i := p.column; i < p.lastColumn; i++ {
		c := r.unproject.columns[i]
		weights, own := r.packed(worker, &r.unproject, i, r.t.projectW)
		db, rest = own[:p.blocks*all], own[p.blocks*all:]
		bundles(0, r.op.N, r.outPlane, func(n, count int) {
			r.multiplyColumns(worker, &r.unproject, i, weights, db[(c.block-p.block)*all+n*r.outPlane:], all,
				r.t.dz3.at(n, 0, 0), r.t.dz3.block, count*r.outPlane)
		})
	}
	return db, rest
}

// unslideChannel takes db of a channel block to dz1, with the gradient of its filter.
func (r *residual) unslideChannel(worker, block int, db, scratch []vec) {
	s, n1, n2 := &r.slider, r.expandNorm, r.slideNorm
	r.packSlide(block, worker)
	made, grads := scratch[:s.batch*r.inPlane], scratch[s.batch*r.inPlane:]
	totals, m := s.parts.in(r.work)[9*block:9*(block+1)], n1.part(0, block)
	clear(totals)
	*m = moments{}
	s.images(0, r.op.N, func(n, count int) {
		dz := grads[:count*r.outPlane]
		n2.gradientRun(worker, block, dz, r.t.z2.at(n, block, 0)[:len(dz)], db[n*r.outPlane:])
		r.addTaps(worker, totals, r.source(worker, r.t.z1, block, n, count, made), dz)
		da := r.t.da.at(n, block, 0)[:count*r.inPlane]
		r.spread(worker, block, da, dz, count)
		n1.addGradients(worker, m, block, r.t.z1.at(n, block, 0)[:len(da)], da)
	})
	r.finishTaps(block, worker)
	n1.finishGradient(block, worker)
	da := r.t.da.at(0, block, 0)[:r.op.N*r.inPlane]
	n1.gradientRun(worker, block, da, r.t.z1.at(0, block, 0)[:len(da)], da)
}

// unexpandChannels computes some columns of dx for a range of images.
func (r *residual) unexpandChannels(chunk, worker int) {
	group, i := chunk/len(r.unexpand.columns), chunk%len(r.unexpand.columns)
	from, to := part(group, r.short.groups, r.op.N)
	c := r.unexpand.columns[i]
	weights, rest := r.packed(worker, &r.unexpand, i, r.t.expandW)
	var plus view
	if r.op.Residual {
		plus = r.t.dy
	}
	bundles(from, to, r.inPlane, func(n, count int) {
		pixels := count * r.inPlane
		r.multiplyColumns(worker, &r.unexpand, i, weights, rest, pixels, r.t.da.at(n, 0, 0), r.t.da.block, pixels)
		for v := range c.vectors {
			b := c.block + v
			r.copyPlanes(worker, r.t.dx.planes(n, b), planes{rest[v*pixels:], r.inPlane}, plus.planes(n, b), count, r.inPlane)
		}
	})
	r.forget(worker)
}
