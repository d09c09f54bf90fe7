package cpu

import "mnv2/cpu/internal/kernels"

func (r *residual) planBackward() {
	if r.fold {
		r.add(r.inBlocks, r.foldInput)
	}
	r.add(r.packsBackward(), r.packBackward)
	r.add(r.midBlocks, r.packSlide)
	r.add(1, r.recall)
	split := splitImages(r.op.N, r.outBlocks)
	r.add(split.chunks(), r.sumOutput)
	r.add(r.outBlocks, r.projectNorm.finishGradStep)
	r.add(split.chunks(), r.gradOutput)
	if r.op.Expand && !r.keepWide && !r.byImage {
		again := newTiling(r.wide.images, r.wide.pixels, shortTile(r.wide.images*r.wide.pixels), wantedChunks)
		parts := rangesOf(len(r.expand.columns), again.groups)
		r.add(again.groups*parts, func(chunk, worker int) { r.expandAgain(again, parts, chunk, worker) })
	}
	r.add(r.narrow.groups*r.narrowParts, r.unprojectTiles)
	r.add(r.midBlocks, r.slideNorm.finishGradStep)
	r.add(r.outBlocks, func(block, worker int) { r.projectSums.finish(r.t.projectDW, block, worker) })
	if r.byImage {
		r.add(r.wide.groups, r.unslideImages)
	} else {
		r.add(r.slider.split.chunks(), r.unslide)
	}
	r.add(r.midBlocks, r.finishTaps)
	if r.op.Expand {
		r.add(r.midBlocks, r.expandNorm.finishGradStep)
		if r.byImage {
			r.add(r.wide.groups, r.shrinkImages)
		} else {
			r.add(r.wide.groups*r.wideParts, r.shrinkTiles)
		}
		r.add(r.midBlocks, func(block, worker int) { r.expandSums.finish(r.t.expandDW, block, worker) })
		if r.op.InputGrad && !r.byImage {
			r.add(r.short.groups*r.shortParts, r.unexpandTiles)
		}
	}
	if r.fold && r.op.InputGrad {
		r.add(r.inBlocks, r.unfoldGrad)
	}
}

// packsBackward is how many columns of weights the backward pass wants.
func (r *residual) packsBackward() int {
	return len(r.unproject.columns) + len(r.unexpand.columns) + len(r.expand.columns)
}

func (r *residual) packBackward(i, worker int) {
	for _, m := range []*matrix{&r.unproject, &r.unexpand, &r.expand} {
		if i < len(m.columns) {
			w := r.t.expandW
			if m == &r.unproject {
				w = r.t.projectW
			}
			m.pack(i, w, nil, worker)
			return
		}
		i -= len(m.columns)
	}
}

// recall brings back the coefficients of batch norm.
func (r *residual) recall(_, _ int) {
	for _, n := range []*norm{r.expandNorm, r.slideNorm, r.projectNorm} {
		if n != nil {
			n.recallCoeffs()
		}
	}
}

// sumOutput adds up what the gradient of the last batch norm needs, for a channel block of some images.
func (r *residual) sumOutput(chunk, worker int) {
	n3 := r.projectNorm
	block, from, to := splitImages(r.op.N, r.outBlocks).at(chunk)
	m := &n3.parts.in(r.work)[chunk]
	*m = moments{}
	a := &n3.args.of(worker).sums
	*a = kernels.GradSums{XImage: r.outPlane * vecBytes, DYImage: r.t.dy.image * vecBytes, Coeffs: &n3.coeffs.in(r.work)[block],
		Clamp: n3.clamp, Sums: &m.sums[0][0]}
	n3.runs.each(from, to, func(image, images, first, pixels int) {
		a.X, a.DY, a.Images, a.Pixels = &r.z3(image, block)[first][0], &r.t.dy.at(image, block, first)[0][0], images, pixels
		r.train.GradSums[n3.masked](a)
	})
	r.forget(worker)
}

// gradOutput writes dz3.
func (r *residual) gradOutput(chunk, worker int) {
	block, from, to := splitImages(r.op.N, r.outBlocks).at(chunk)
	dz3 := folded(r.t.dz3.v, r.op.N, r.outPlane)
	for n := from; n < to; n++ {
		r.projectNorm.gradientRun(worker, block, dz3.at(n, block, 0), r.z3(n, block), r.t.dy.at(n, block, 0))
	}
	r.forget(worker)
}

// expandAgain computes z1 as the forward pass did.
func (r *residual) expandAgain(t tiling, parts, chunk, worker int) {
	from, to := part(chunk%parts, parts, len(r.expand.columns))
	t.each(chunk/parts, func(image, first, n int) {
		for i := from; i < to; i++ {
			r.multiply(worker, &r.expand, i, r.t.z1, r.t.folded, image, first, n)
		}
	})
	r.forget(worker)
}

// unprojectTiles takes dz3 to db for the tiles of a group and some panels of channels, adds up what batch norm needs of it,
// and the gradient of the weights from dz3 and b, which is made again for a panel at a time.
func (r *residual) unprojectTiles(chunk, worker int) {
	group := chunk / r.narrowParts
	from, to := part(chunk%r.narrowParts, r.narrowParts, len(r.panels))
	panels, n2 := r.panels[from:to], r.slideNorm
	last := panels[len(panels)-1]
	for k := range r.outBlocks {
		r.projectSums.clear(group, k, panels[0].tile, last.lastTile-1)
	}
	for b := panels[0].block; b < last.block+last.blocks; b++ {
		*n2.part(group, b) = moments{}
	}
	r.narrow.each(group, func(image, first, n int) {
		for i := range panels {
			r.unprojectPanel(worker, group, &panels[i], image, first, n)
		}
	})
	r.forget(worker)
}

func (r *residual) unprojectPanel(worker, group int, p *panel, image, first, n int) {
	for i := p.column; i < p.lastColumn; i++ {
		r.multiply(worker, &r.unproject, i, r.t.db, r.t.dz3, image, first, n)
	}
	scratch, n2 := r.scratch(worker), r.slideNorm
	for b := range p.blocks {
		z := r.t.z2.at(image, p.block+b, first)[:n]
		n2.normaliseRun(worker, p.block+b, scratch[b*n:], z)
		n2.addGradients(worker, n2.part(group, p.block+b), p.block+b, z, r.t.db.at(image, p.block+b, first))
	}
	a := &r.args.of(worker).outer
	*a = kernels.Outer{XBlock: n * vecBytes, Images: 1, Pixels: n, DYPixel: vecBytes, XPixel: vecBytes}
	for t := p.tile; t < p.lastTile; t++ {
		a.X = &scratch[(r.projectSums.tiles[t].block-p.block)*n][0]
		for k := range r.outBlocks {
			a.DY = &r.t.dz3.at(image, k, first)[0][0]
			r.projectSums.add(a, group, k, t)
		}
	}
}

// shrinkTiles takes da to dz1, in place, for the tiles of a group and some channel blocks, and adds up the gradient of the
// weights from it and x.
func (r *residual) shrinkTiles(chunk, worker int) {
	group := chunk / r.wideParts
	from, to := part(chunk%r.wideParts, r.wideParts, r.midBlocks)
	s, a := &r.expandSums, &r.args.of(worker).outer
	for b := from; b < to; b++ {
		s.clear(group, b, 0, len(s.tiles)-1)
	}
	r.wide.each(group, func(image, first, n int) {
		*a = kernels.Outer{XBlock: r.t.folded.block * vecBytes, Images: 1, Pixels: n, DYPixel: vecBytes, XPixel: vecBytes}
		for b := from; b < to; b++ {
			dz := r.t.da.at(image, b, first)[:n]
			r.expandNorm.gradientRun(worker, b, dz, r.t.z1.at(image, b, first)[:n], dz)
			a.DY = &dz[0][0]
			for t := range s.tiles {
				a.X = &r.t.folded.at(image, s.tiles[t].block, first)[0][0]
				s.add(a, group, b, t)
			}
		}
	})
	r.forget(worker)
}

// unexpandTiles computes some columns of dx for the tiles of a group.
func (r *residual) unexpandTiles(chunk, worker int) {
	from, to := part(chunk%r.shortParts, r.shortParts, len(r.unexpand.columns))
	r.short.each(chunk/r.shortParts, func(image, first, n int) {
		r.unexpandTile(worker, r.t.da, image, first, n, from, to)
	})
	r.forget(worker)
}

// unexpandTile computes some columns of dx for a tile. Folded images get dy later.
func (r *residual) unexpandTile(worker int, dz view, image, first, n, from, to int) {
	for i := from; i < to; i++ {
		c := r.unexpand.columns[i]
		r.multiply(worker, &r.unexpand, i, r.t.foldedGrad, dz, image, first, n)
		if !r.op.Residual || r.fold {
			continue
		}
		for b := c.block; b < c.block+c.vectors; b++ {
			r.blend(worker, r.t.dx.at(image, b, first)[:n], r.t.dy.at(image, b, first)[:n])
		}
	}
}

// unfoldGrad copies a channel block of dx out of the folded layout, adding dy.
func (r *residual) unfoldGrad(block, worker int) {
	var plus view
	if r.op.Residual {
		plus = r.t.dy
	}
	r.copyPlanes(worker, r.t.dx.planes(0, block), r.t.foldedGrad.planes(0, block), plus.planes(0, block), r.op.N, r.inPlane)
	r.forget(worker)
}
