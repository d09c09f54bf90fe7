package cpu

import (
	"mnv2/backend"
)

// Where planes are small, weights are what there is most of, and a few channels of the whole batch fit the second-level
// cache. Then a panel of expanded channels goes through a pass in one piece of work: all of its pixels are there, so batch
// norm's sums are complete at once and nothing waits for the other channels. Every weight is read from memory once, packed
// into memory of the worker's own, and multiplied from there; every gradient of a weight is written once.
//
//	forward   slideChannels    x -> z1 -> a -> z2 -> b, for a panel of expanded channels
//	          projectChannels  b -> z3, for some columns and a range of images
//	          outputChannels   z3 -> y (+ x), for a channel block
//	backward  gradChannels     dy -> dz3, for a channel block
//	          unslideChannels  dz3 -> db -> dz2 -> da -> dz1, dw3, dw2, dw1, for a panel of expanded channels
//	          unexpandChannels dz1 -> dx (+ dy), for some columns and a range of images

const (
	// channelPixels is up to how many pixels of a batch are done channels by channels.
	channelPixels = 4096
	// groupPixels is about how many pixels are worth packing weights for once more.
	groupPixels = 512
)

// fitsByChannel reports whether the batch is done channels by channels. Channels must be whole blocks, as those of all usual
// networks are: then no padding lane needs care.
func (r *residual) fitsByChannel() bool {
	o := &r.op
	return o.Expand && r.fold && r.keepWide && o.C%lanes == 0 && o.E%lanes == 0 && o.K%lanes == 0 && o.N*r.inPlane <= channelPixels
}

// cutChannels decides how the steps are cut into chunks.
func (r *residual) cutChannels(l *layout) {
	o := &r.op
	expand, project := o.ExpandConv(o.Pass), o.ProjectConv(o.Pass)
	blocksOfPanel := max(2, min(r.train.OuterMost(), mostColumns, r.midBlocks/8))
	if o.Pass == backend.Forward {
		r.expand = newLooseMatrix(r.env, forwardPacking(expand.Conv(backend.Forward)))
		r.project = newLooseMatrix(r.env, forwardPacking(project.Conv(backend.Forward)))
		r.panels = cutPanels(r.expand.columns, blocksOfPanel)
		r.narrow.groups = channelGroups(o.N, r.outPlane)
	} else {
		r.unproject = newLooseMatrix(r.env, transposedPacking(project.Conv(backend.GradInput)))
		r.unexpand = newLooseMatrix(r.env, transposedPacking(expand.Conv(backend.GradInput)))
		r.panels = cutPanels(r.unproject.columns, blocksOfPanel)
		r.narrow.groups = 1
		r.short.groups = channelGroups(o.N, r.inPlane)
	}
	r.makeNorms(1, 1, r.narrow.groups, l)
	r.products = newProductSum(r.env)
	r.products.prepare(r.inBlocks)
	for _, p := range r.panels {
		r.products.prepare(p.blocks)
	}
}

// channelGroups is into how many ranges images are cut where columns alone are too few to share.
func channelGroups(images, plane int) int { return max(1, min(images, images*plane/groupPixels)) }

// placeChannels lays out what lives during a Run.
func (r *residual) placeChannels(l *layout) {
	o, p := &r.op, &r.places
	tile, most := mostColumns*bundle(r.inPlane)*r.inPlane, 0 // of columns
	for _, panel := range r.panels {
		most = max(most, panel.blocks)
	}
	if o.Pass == backend.Forward {
		p.b = region[vec](l, o.N*r.outPlane*r.midBlocks)
		p.scratchSize = max(r.expand.packedVecs(), r.project.packedVecs(), r.slider.scratch(), bundle(r.outPlane)*r.outPlane)
	} else {
		p.dz3 = region[vec](l, o.N*r.outPlane*r.outBlocks)
		p.da = region[vec](l, o.N*r.inPlane*r.midBlocks)
		planes := 2 * most * o.N * r.outPlane // db and b
		p.scratchSize = max(r.unproject.packedVecs(), r.unexpand.packedVecs()) + max(planes+r.slider.scratch(), tile)
	}
	p.scratchSize = evenVecs(p.scratchSize)
	p.scratch = region[vec](l, r.pool.Threads()*p.scratchSize)
}

// evenVecs rounds up to whole cache lines.
func evenVecs(n int) int { return (n + 1) &^ 1 }

// bundle is how many images a tile has.
func bundle(plane int) int { return max(1, (residualTile+plane/2)/plane) }

// bundles calls f for the tiles of a range of images.
func bundles(from, to, plane int, f func(n, count int)) {
	for n := from; n < to; n += bundle(plane) {
		f(n, min(bundle(plane), to-n))
	}
}

func (r *residual) planChannels() {
	r.add(r.inBlocks, r.foldInput)
	if r.op.Pass == backend.Forward {
		r.add(len(r.panels), r.slideChannels)
		r.add(r.narrow.groups*len(r.project.columns), r.projectChannels)
		r.add(r.outBlocks, r.outputChannels)
		return
	}
	r.add(r.outBlocks, r.gradChannels)
	r.add(len(r.panels), r.unslideChannels)
	if r.op.InputGrad {
		r.add(r.short.groups*len(r.unexpand.columns), r.unexpandChannels)
	}
}

// packed packs columns i of a matrix into the worker's own memory, and returns them and the rest of that memory.
func (r *residual) packed(worker int, m *matrix, i int, w []float32) (weights []float32, rest []vec) {
	own := r.scratch(worker)
	n := m.packedVecs()
	weights = floats(own[:n])
	m.packTo(weights, i, w, worker)
	return weights, own[n:]
}

// multiplyColumns is y = x.w for columns i of m, packed, and some images: y and x are those of the first, in the columns' first
// block.
func (r *residual) multiplyColumns(worker int, m *matrix, i int, weights []float32, y []vec, yBlock int, x []vec, xBlock, pixels int) {
	a := &r.args.of(worker).pointwise
	a.Bias = &noBias[0][0]
	m.multiplyBy(weights, a, i, y, yBlock, x, xBlock, pixels)
}

// slideChannels takes x to b for a panel.
func (r *residual) slideChannels(chunk, worker int) {
	p := &r.panels[chunk]
	for i := p.column; i < p.lastColumn; i++ {
		c := r.expand.columns[i]
		weights, _ := r.packed(worker, &r.expand, i, r.t.expandW)
		bundles(0, r.op.N, r.inPlane, func(n, count int) {
			r.multiplyColumns(worker, &r.expand, i, weights, r.t.z1.at(n, c.block, 0), r.t.z1.block,
				r.t.folded.at(n, 0, 0), r.t.folded.block, count*r.inPlane)
		})
	}
	for b := p.block; b < p.block+p.blocks; b++ {
		r.slideChannel(worker, b)
	}
	r.forget(worker)
}

// slideChannel takes z1 to b for a channel block.
func (r *residual) slideChannel(worker, block int) {
	n1, n2, s := r.expandNorm, r.slideNorm, &r.slider
	r.measureChannel(worker, n1, block, r.t.z1, r.inPlane)
	r.packSlide(block, worker)
	args, scratch := r.args.of(worker), r.scratch(worker)
	s.images(0, r.op.N, func(n, count int) {
		z := r.t.z2.at(n, block, 0)[:count*r.outPlane]
		r.slideOver(&args.slide, z, r.source(worker, r.t.z1, block, n, count, scratch), s.weights.in(r.work)[9*block:], count)
	})
	r.measureChannel(worker, n2, block, r.t.z2, r.outPlane)
	all := r.op.N * r.outPlane
	n2.normaliseRun(worker, block, r.t.b.at(0, block, 0), r.t.z2.at(0, block, 0)[:all])
}

// measureChannel finds the statistics of a channel block.
func (r *residual) measureChannel(worker int, n *norm, block int, z view, plane int) {
	m := n.part(0, block)
	*m = moments{}
	n.addMoments(worker, m, z.at(0, block, 0)[:r.op.N*plane])
	m.centre()
	n.finish(block, worker)
}

// projectChannels computes some columns of z3 for a range of images, and their moments.
func (r *residual) projectChannels(chunk, worker int) {
	group, i := chunk/len(r.project.columns), chunk%len(r.project.columns)
	from, to := part(group, r.narrow.groups, r.op.N)
	c, n3 := r.project.columns[i], r.projectNorm
	weights, _ := r.packed(worker, &r.project, i, r.t.projectW)
	bundles(from, to, r.outPlane, func(n, count int) {
		r.multiplyColumns(worker, &r.project, i, weights, r.t.z3.at(n, c.block, 0), r.t.z3.block,
			r.t.b.at(n, 0, 0), r.t.b.block, count*r.outPlane)
	})
	for b := c.block; b < c.block+c.vectors; b++ {
		m := n3.part(group, b)
		*m = moments{}
		n3.addMoments(worker, m, r.t.z3.at(from, b, 0)[:(to-from)*r.outPlane])
		m.centre()
	}
	r.forget(worker)
}

// outputChannels writes a channel block of y.
func (r *residual) outputChannels(block, worker int) {
	n3, scratch := r.projectNorm, r.scratch(worker)
	n3.finish(block, worker)
	var plus view
	if r.op.Residual {
		plus = r.t.x
	}
	bundles(0, r.op.N, r.outPlane, func(n, count int) {
		made := scratch[:count*r.outPlane]
		n3.normaliseRun(worker, block, made, r.t.z3.at(n, block, 0)[:len(made)])
		r.copyPlanes(worker, r.t.y.planes(n, block), planes{made, r.outPlane}, plus.planes(n, block), count, r.outPlane)
	})
	r.forget(worker)
}
