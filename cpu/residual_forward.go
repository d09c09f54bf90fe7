package cpu

import "mnv2/cpu/internal/kernels"

func (r *residual) planForward() {
	packs := len(r.project.columns)
	if r.op.Expand {
		packs += len(r.expand.columns)
	}
	if r.fold {
		r.add(r.inBlocks, r.foldInput)
	}
	r.add(packs, r.packForward)
	r.add(r.midBlocks, r.packSlide)
	switch {
	case r.byImage:
		r.add(r.wide.groups, r.measureImages)
		r.add(r.midBlocks, r.expandNorm.finishStep)
		r.add(r.wide.groups, r.slideImages)
	case r.op.Expand:
		r.add(r.wide.groups*r.wideParts, r.expandTiles)
		r.add(r.midBlocks, r.expandNorm.finishStep)
		r.add(r.slider.split.chunks(), r.slide)
	default:
		r.add(r.slider.split.chunks(), r.slide)
	}
	r.add(r.midBlocks, r.slideNorm.finishStep)
	r.add(r.narrow.groups*r.narrowParts, r.projectTiles)
	r.add(r.outBlocks, r.projectNorm.finishStep)
	r.add(splitImages(r.op.N, r.outBlocks).chunks(), r.output)
}

func (r *residual) add(chunks int, task func(chunk, worker int)) {
	r.steps = append(r.steps, step{chunks, task})
}

// foldInput copies a channel block of x into the folded layout.
func (r *residual) foldInput(block, worker int) {
	r.copyPlanes(worker, r.t.folded.planes(0, block), r.t.x.planes(0, block), planes{}, r.op.N, r.inPlane)
	r.forget(worker)
}

// copyPlanes copies planes of a channel block from one layout to another, adding what lies in plus if that is not empty.
func (r *residual) copyPlanes(worker int, to, from, plus planes, count, plane int) {
	a := &r.args.of(worker).copy
	*a = kernels.Copy{From: &from.v[0][0], FromRow: from.image * vecBytes, To: &to.v[0][0], ToRow: to.image * vecBytes,
		Rows: count, Vectors: plane}
	if plus.v != nil {
		a.Add, a.AddRow = &plus.v[0][0], plus.image*vecBytes
	}
	r.train.Copy(a)
}

// packForward packs the weights of both 1x1 convolutions.
func (r *residual) packForward(i, worker int) {
	if i < len(r.project.columns) {
		r.project.pack(i, r.t.projectW, nil, worker)
		return
	}
	r.expand.pack(i-len(r.project.columns), r.t.expandW, nil, worker)
}

// expandTiles computes some columns of z1 for the tiles of a group, and their moments.
func (r *residual) expandTiles(chunk, worker int) {
	group, which := chunk/r.wideParts, chunk%r.wideParts
	from, to := part(which, r.wideParts, len(r.expand.columns))
	n1, columns := r.expandNorm, r.expand.columns[from:to]
	last := columns[len(columns)-1]
	for b := columns[0].block; b < last.block+last.vectors; b++ {
		*n1.part(group, b) = moments{}
	}
	r.wide.each(group, func(image, first, n int) {
		for i := from; i < to; i++ {
			c := r.expand.columns[i]
			r.multiply(worker, &r.expand, i, r.t.z1, r.t.folded, image, first, n)
			for b := c.block; b < c.block+c.vectors; b++ {
				n1.addMoments(worker, n1.part(group, b), r.t.z1.at(image, b, first)[:n])
			}
		}
	})
	for b := columns[0].block; b < last.block+last.vectors; b++ {
		n1.part(group, b).centre()
	}
	r.forget(worker)
}

// multiply computes columns i of m for n pixels: y = x.w.
func (r *residual) multiply(worker int, m *matrix, i int, y, x view, image, first, n int) {
	m.multiply(&r.args.of(worker).pointwise, i, y.at(image, m.columns[i].block, first), y.block, x.at(image, 0, first), x.block, n)
}

// projectTiles computes some columns of z3 for the tiles of a group, and their moments.
func (r *residual) projectTiles(chunk, worker int) {
	group, which := chunk/r.narrowParts, chunk%r.narrowParts
	from, to := part(which, r.narrowParts, len(r.project.columns))
	n3, scratch, a := r.projectNorm, r.scratch(worker), &r.args.of(worker).pointwise
	first, last := r.project.columns[from], r.project.columns[to-1]
	for b := first.block; b < last.block+last.vectors; b++ {
		*n3.part(group, b) = moments{}
	}
	r.narrow.each(group, func(image, pixel, n int) {
		for b := range r.midBlocks {
			r.slideNorm.normaliseRun(worker, b, scratch[b*n:], r.t.z2.at(image, b, pixel)[:n])
		}
		for i := from; i < to; i++ {
			c := r.project.columns[i]
			r.project.multiply(a, i, r.t.z3.at(image, c.block, pixel), r.t.z3.block, scratch, n, n)
			for b := c.block; b < c.block+c.vectors; b++ {
				n3.addMoments(worker, n3.part(group, b), r.t.z3.at(image, b, pixel)[:n])
			}
		}
	})
	for b := first.block; b < last.block+last.vectors; b++ {
		n3.part(group, b).centre()
	}
	r.forget(worker)
}

// output writes a channel block of y for some images.
func (r *residual) output(chunk, worker int) {
	block, from, to := splitImages(r.op.N, r.outBlocks).at(chunk)
	for n := from; n < to; n++ {
		y := r.t.y.at(n, block, 0)[:r.outPlane]
		r.projectNorm.normaliseRun(worker, block, y, r.z3(n, block))
		if r.op.Residual {
			r.blend(worker, y, r.t.x.at(n, block, 0)[:len(y)])
		}
	}
	r.forget(worker)
}

// z3 returns a plane of z3.
func (r *residual) z3(n, block int) []vec {
	return folded(r.t.z3.v, r.op.N, r.outPlane).at(n, block, 0)[:r.outPlane]
}

// blend is y += x.
func (r *residual) blend(worker int, y, x []vec) {
	a := &r.args.of(worker).elements.Elements
	*a = kernels.Elements{X: &x[0][0], Y: &y[0][0], Z: &y[0][0], Count: len(y), A: 1, B: 1}
	r.train.Blend(a)
}

// forget empties the arguments of a worker.
func (r *residual) forget(worker int) {
	*r.args.of(worker) = residualArgs{}
	for _, n := range []*norm{r.expandNorm, r.slideNorm, r.projectNorm} {
		if n != nil {
			n.forget(worker)
		}
	}
}
