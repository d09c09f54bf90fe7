package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// smallPlane is the number of pixels below which a 1x1 convolution folds its images: all images of a channel block are laid
// side by side, so that one run of pixels goes across them.
const smallPlane = 24

// foldArgs are the arguments of the kernels of a folded convolution.
type foldArgs struct {
	copy      kernels.Copy
	pointwise kernels.Pointwise
}

// foldedPointwise is pointwise with small planes. A chunk is some columns and a range of images: their weights are packed into
// memory of the worker's own, multiplied with all the pixels, and forgotten.
type foldedPointwise struct {
	*pointwise
	images, plane, groups int
	from, to              view
	folded                section[vec]
	scratch               section[vec] // of each worker: bias, packed weights, a tile of results
	scratchSize           int
	args                  own[foldArgs]
	foldStep, columnsStep func(chunk, worker int)
}

func newFolded(o backend.Conv2D, p *pointwise) program {
	f := &foldedPointwise{pointwise: p, images: o.N, plane: o.H * o.W, args: newOwn[foldArgs](p.env)}
	f.groups = channelGroups(o.N, f.plane)
	f.from, f.to = nchw8c(nil, p.inBlocks(), f.plane), nchw8c(nil, p.outBlocks(), f.plane)
	f.scratchSize = mostColumns + p.packedVecs() + evenVecs(mostColumns*bundle(f.plane)*f.plane)
	var l layout
	f.folded = region[vec](&l, o.N*f.plane*p.inBlocks())
	f.scratch = region[vec](&l, p.pool.Threads()*f.scratchSize)
	p.size = l.size
	f.foldStep, f.columnsStep = f.fold, f.columns
	return f
}

func (f *foldedPointwise) run() error {
	f.parallel(f.inBlocks(), f.foldStep)
	f.parallel(f.groups*len(f.matrix.columns), f.columnsStep)
	return nil
}

func (f *foldedPointwise) fold(block, worker int) {
	from := view{f.vecs(f.x), f.from.image, f.from.block}
	foldPlanes(f.env, &f.args.of(worker).copy, folded(f.folded.in(f.work), f.images, f.plane), from, block, f.images, f.plane)
}

// foldPlanes copies a channel block of all images into the folded layout.
func foldPlanes(e *env, a *kernels.Copy, to, from view, block, images, plane int) {
	*a = kernels.Copy{From: &from.at(0, block, 0)[0][0], FromRow: from.image * vecBytes, To: &to.at(0, block, 0)[0][0],
		ToRow: to.image * vecBytes, Rows: images, Vectors: plane}
	e.train.Copy(a)
	*a = kernels.Copy{}
}

func (f *foldedPointwise) columns(chunk, worker int) {
	group, i := chunk/len(f.matrix.columns), chunk%len(f.matrix.columns)
	own := f.scratch.in(f.work)[worker*f.scratchSize : (worker+1)*f.scratchSize]
	bias, own := own[:mostColumns], own[mostColumns:]
	packed, made := floats(own[:f.packedVecs()]), own[f.packedVecs():]
	f.packTo(packed, i, f.f32(f.w), worker)
	c := f.matrix.columns[i]
	for v := range c.vectors {
		bias[v] = vec{}
		if f.bias {
			bias[v] = load8(f.f32(2), c.block+v)
		}
	}
	x, to := folded(f.folded.in(f.work), f.images, f.plane), view{f.vecs(f.y), f.to.image, f.to.block}
	a := f.args.of(worker)
	from, end := part(group, f.groups, f.images)
	bundles(from, end, f.plane, func(n, count int) {
		pixels := count * f.plane
		a.pointwise.Bias = &bias[0][0]
		f.multiplyBy(packed, &a.pointwise, i, made, pixels, x.at(n, 0, 0), x.block, pixels)
		for v := range c.vectors {
			a.copy = kernels.Copy{From: &made[v*pixels][0], FromRow: f.plane * vecBytes, To: &to.at(n, c.block+v, 0)[0][0],
				ToRow: to.image * vecBytes, Rows: count, Vectors: f.plane}
			f.train.Copy(&a.copy)
		}
	})
	*a = foldArgs{}
}

// foldedGradWeight is pointwiseGradWeight with small planes of few images, whose channels are whole blocks: every gradient is
// written once. A chunk is some output blocks.
type foldedGradWeight struct {
	*env
	op             backend.Conv2D
	plane, pixels  int
	x, dy          section[vec]
	products       productSum
	args           own[kernels.Copy]
	size           int64
	bias           *biasGradient
	foldStep, step func(chunk, worker int)
}

func newFoldedGradWeight(o backend.Conv2D, e *env) program {
	f := &foldedGradWeight{env: e, op: o, plane: o.H * o.W, pixels: o.N * o.H * o.W, products: newProductSum(e),
		args: newOwn[kernels.Copy](e), bias: newBiasGradient(o, e)}
	f.products.prepare(blocks(o.C))
	var l layout
	f.x, f.dy = region[vec](&l, f.pixels*blocks(o.C)), region[vec](&l, f.pixels*blocks(o.K))
	f.size = l.size
	f.foldStep, f.step = f.fold, f.sum
	return f
}

func (f *foldedGradWeight) workspace() int64 { return f.size }

func (f *foldedGradWeight) run() error {
	f.parallel(blocks(f.op.C)+blocks(f.op.K), f.foldStep)
	f.parallel(f.chunks(), f.step)
	f.bias.run()
	return nil
}

// chunks is how many pieces the output blocks are cut into.
func (f *foldedGradWeight) chunks() int { return (blocks(f.op.K) + rangeBlocks - 1) / rangeBlocks }

// fold folds a channel block of x, or of dy.
func (f *foldedGradWeight) fold(block, worker int) {
	operand, count, to := 0, blocks(f.op.C), f.x
	if block >= count {
		operand, block, count, to = 1, block-count, blocks(f.op.K), f.dy
	}
	foldPlanes(f.env, f.args.of(worker), folded(to.in(f.work), f.op.N, f.plane), nchw8c(f.vecs(operand), count, f.plane), block, f.op.N, f.plane)
}

func (f *foldedGradWeight) sum(chunk, worker int) {
	from, to := part(chunk, f.chunks(), blocks(f.op.K))
	f.products.sum(worker, products{dw: f.f32(2)[from*lanes*f.op.C:], row: f.op.C, dy: f.dy.in(f.work)[from*f.pixels:], dyBlock: f.pixels,
		dyBlocks: to - from, x: f.x.in(f.work), xBlock: f.pixels, xBlocks: blocks(f.op.C), pixels: f.pixels})
}
