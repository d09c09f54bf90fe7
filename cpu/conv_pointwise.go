package cpu

import "mnv2/backend"

// tilePixels is how many pixels a chunk of a convolution has: with 960 channels 240 KiB, which fits the second-level cache.
const tilePixels = 64

// pointwise is the forward pass of a 1x1 convolution, and the gradient of its input, which is the same with the transposed
// weights: y = b + x.w, pixel by pixel. A chunk is a tile of pixels and a range of output blocks.
type pointwise struct {
	*env
	packing
	in, out  grid
	tiles    int // per image
	ranges   int // of output blocks
	weights  section[panel]
	inits    section[vec] // the bias, or zero, of each output block
	size     int64
	x, w, y  int // operands
	bias     bool
	packStep func(chunk, worker int)
	tileStep func(chunk, worker int)
}

func newPointwise(o backend.Conv2D, e *env) program {
	p := &pointwise{env: e, x: 0, w: 1, y: len(o.Operands()) - 1, bias: hasBias(o)}
	if o.Pass == backend.GradInput {
		p.packing = transposedPacking(o)
		p.w, p.x = 0, 1
	} else {
		p.packing = forwardPacking(o)
	}
	plane := o.H * o.W
	p.in, p.out = newGrid(o.N, plane, p.inBlocks()), newGrid(o.N, plane, p.outBlocks())
	p.tiles = (p.in.pixels + tilePixels - 1) / tilePixels
	count := p.in.images * p.tiles
	p.ranges = min(p.outBlocks(), (wantedChunks+count-1)/count)
	var l layout
	p.weights = region[panel](&l, p.panels())
	p.inits = region[vec](&l, p.outBlocks())
	p.size = l.size
	p.packStep, p.tileStep = p.packBlock, p.tile
	return p
}

func (p *pointwise) workspace() int64 { return p.size }

func (p *pointwise) run() error {
	p.parallel(p.outBlocks(), p.packStep)
	p.parallel(p.in.images*p.tiles*p.ranges, p.tileStep)
	return nil
}

func (p *pointwise) packBlock(block, _ int) {
	p.pack(p.weights.in(p.work), p.f32(p.w), block)
	p.inits.in(p.work)[block] = vec{}
	if p.bias {
		p.inits.in(p.work)[block] = load8(p.f32(2), block)
	}
}

func (p *pointwise) tile(chunk, _ int) {
	part, chunk := chunk%p.ranges, chunk/p.ranges
	image, first := chunk/p.tiles, chunk%p.tiles*tilePixels
	n := min(tilePixels, p.in.pixels-first)
	x := p.vecs(p.x)[image*p.in.image+first*p.in.pixel:]
	y := p.vecs(p.y)[image*p.out.image+first*p.out.pixel:]
	weights, inits, count := p.weights.in(p.work), p.inits.in(p.work), p.inBlocks()
	for k := part * p.outBlocks() / p.ranges; k < (part+1)*p.outBlocks()/p.ranges; k++ {
		to := y[k*p.out.block:]
		p.kernels.pointwise(to, p.out.pixel, x, p.in.pixel, p.in.block, weights[k*count:(k+1)*count], &inits[k], n)
		p.clearPadding(to, k, n)
	}
}

// clearPadding repairs lanes beyond the last channel where an input was infinite: infinity times zero is not zero.
func (p *pointwise) clearPadding(y []vec, block, n int) {
	used := p.packing.out - block*lanes
	if used >= lanes {
		return
	}
	for i := range n {
		clear(y[i*p.out.pixel][used:])
	}
}

// pointwiseGradWeight is dw = sum over pixels of dy (outer) x. A chunk is a block of output channels and a range of images.
type pointwiseGradWeight struct {
	*env
	packing
	in, out grid
	split   imageSplit
	parts   section[sums]
	runs    section[panel] // for each worker
	size    int64
	bias    *biasGradient
	sumStep func(chunk, worker int)
	addStep func(chunk, worker int)
}

func newPointwiseGradWeight(o backend.Conv2D, e *env) program {
	p := &pointwiseGradWeight{env: e, packing: forwardPacking(o)}
	p.in, p.out = newGrid(o.N, o.H*o.W, p.inBlocks()), newGrid(o.N, o.H*o.W, p.outBlocks())
	p.split = splitImages(p.in.images, p.outBlocks())
	var l layout
	p.parts = region[sums](&l, p.split.groups*p.panels())
	p.runs = region[panel](&l, e.pool.threads())
	p.size = l.size
	p.bias = newBiasGradient(o, e)
	p.sumStep, p.addStep = p.sum, p.add
	return p
}

func (p *pointwiseGradWeight) workspace() int64 { return p.size }

func (p *pointwiseGradWeight) run() error {
	p.parallel(p.split.chunks(), p.sumStep)
	p.parallel(p.outBlocks(), p.addStep)
	p.bias.run()
	return nil
}

func (p *pointwiseGradWeight) sum(chunk, worker int) {
	block, from, to := p.split.at(chunk)
	run := &p.runs.in(p.work)[worker]
	first := (chunk/p.split.blocks)*p.panels() + block*p.inBlocks()
	for i := range p.inBlocks() {
		total := &p.parts.in(p.work)[first+i]
		*total = sums{}
		p.sumPanel(total, run, p.vecs(1)[block*p.out.block:], p.vecs(0)[i*p.in.block:], from, to)
	}
}

// sumPanel adds up one panel over a range of images: in run, float32, for about gradRun pixels; in total from there.
func (p *pointwiseGradWeight) sumPanel(total *sums, run *panel, dy, x []vec, from, to int) {
	*run = panel{}
	summed := 0
	for image := from; image < to; image++ {
		a, b := dy[image*p.out.image:], x[image*p.in.image:]
		for first := 0; first < p.in.pixels; first += gradRun {
			n := min(gradRun, p.in.pixels-first)
			p.outer(run, a[first*p.out.pixel:], p.out.pixel, b[first*p.in.pixel:], p.in.pixel, n)
			if summed += n; summed >= gradRun {
				flushPanel(total, run)
				summed = 0
			}
		}
	}
	flushPanel(total, run)
}

// gradRun is how many pixels of a gradient of weights are summed in float32, and by how many it may be exceeded.
const gradRun = 128

func (p *pointwiseGradWeight) add(block, _ int) {
	p.unpack(p.f32(2), p.parts.in(p.work), p.split.groups, p.panels(), block)
}
