package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// tilePixels is how many pixels of small planes, or of patches, are gathered for a kernel: with 960 channels 240 KiB, which
// fits the second-level cache.
const tilePixels = 64

// pointwise is the forward pass of a 1x1 convolution, and the gradient of its input, which is the same with the transposed
// weights: y = b + x.w, pixel by pixel. A chunk is a tile of pixels and a range of columns.
//
// Kernels want pixels that follow each other. Where planes are too small, the pixels of several images are gathered first.
type pointwise struct {
	*env
	matrix
	in, out  grid
	tile     int // pixels
	tiles    int // per image
	ranges   int // of columns
	args     own[kernels.Pointwise]
	size     int64
	x, w, y  int // operands
	bias     bool
	packStep func(chunk, worker int)
	tileStep func(chunk, worker int)
}

func newPointwise(o backend.Conv2D, e *env) program {
	p := &pointwise{env: e, x: 0, w: 1, y: len(o.Operands()) - 1, bias: hasBias(o), args: newOwn[kernels.Pointwise](e)}
	packing := forwardPacking(o)
	if o.Pass == backend.GradInput {
		packing = transposedPacking(o)
		p.w, p.x = 0, 1
	}
	var l layout
	p.matrix = newMatrix(e, packing, &l)
	if plane := o.H * o.W; plane < smallPlane {
		return newGathered(o, p, l)
	}
	p.in, p.out = newGrid(o.N, o.H*o.W, p.inBlocks()), newGrid(o.N, o.H*o.W, p.outBlocks())
	p.tile = tileOf(packing.in)
	p.tiles = (p.in.pixels + p.tile - 1) / p.tile
	p.ranges = rangesOf(len(p.columns), p.in.images*p.tiles)
	p.size = l.size
	p.packStep, p.tileStep = p.packColumns, p.computeTile
	return p
}

// tileOf returns a number of pixels with so many channels that fits the first-level cache, if that leaves enough of them. It
// is a multiple of the pixels that a kernel takes at once.
func tileOf(channels int) int { return min(max(6144/channels/12*12, 60), 240) }

// rangesOf returns into how many ranges columns are cut where there are so many tiles.
func rangesOf(columns, tiles int) int { return min(columns, (wantedChunks+tiles-1)/tiles) }

func (p *pointwise) workspace() int64 { return p.size }

func (p *pointwise) run() error {
	p.parallel(len(p.columns), p.packStep)
	p.parallel(p.in.images*p.tiles*p.ranges, p.tileStep)
	return nil
}

func (p *pointwise) packColumns(i, worker int) {
	var bias []float32
	if p.bias {
		bias = p.f32(2)
	}
	p.pack(i, p.f32(p.w), bias, worker)
}

func (p *pointwise) computeTile(chunk, worker int) {
	part, chunk := chunk%p.ranges, chunk/p.ranges
	image, first := chunk/p.tiles, chunk%p.tiles*p.tile
	n := min(p.tile, p.in.pixels-first)
	x, y := p.vecs(p.x)[image*p.in.image+first:], p.vecs(p.y)[image*p.out.image+first:]
	a := p.args.of(worker)
	for i := part * len(p.columns) / p.ranges; i < (part+1)*len(p.columns)/p.ranges; i++ {
		p.multiply(a, i, y[p.columns[i].block*p.out.block:], p.out.block, x, p.in.block, n)
	}
	*a = kernels.Pointwise{}
}

// smallPlane is the number of pixels below which planes are gathered.
const smallPlane = 24

// gathered is a pointwise convolution of small planes. The pixels of all images are counted through; tiles of them are
// copied side by side, multiplied, and copied back.
type gathered struct {
	*pointwise
	plane, pixels int
	packed        section[vec] // [tiles][inBlocks][tilePixels]
	results       section[vec] // [3][tilePixels], for each worker
	gatherStep    func(chunk, worker int)
}

func newGathered(o backend.Conv2D, p *pointwise, l layout) program {
	g := &gathered{pointwise: p, plane: o.H * o.W, pixels: o.N * o.H * o.W}
	p.tiles = (g.pixels + tilePixels - 1) / tilePixels
	p.ranges = rangesOf(len(p.columns), p.tiles)
	g.packed = region[vec](&l, p.tiles*p.inBlocks()*tilePixels)
	g.results = region[vec](&l, p.pool.Threads()*3*tilePixels)
	p.size = l.size
	p.packStep, p.tileStep, g.gatherStep = p.packColumns, g.computeTile, g.gatherTile
	return g
}

func (g *gathered) run() error {
	g.parallel(len(g.columns), g.packStep)
	g.parallel(g.tiles, g.gatherStep)
	g.parallel(g.tiles*g.ranges, g.tileStep)
	return nil
}

// pieces calls f for every stretch of a tile that lies in one image: n pixels from pixel first of the image on, which are
// number at and following of the tile.
func (g *gathered) pieces(tile int, f func(at, image, first, n int)) {
	end := min((tile+1)*tilePixels, g.pixels)
	for pixel := tile * tilePixels; pixel < end; {
		image, first := pixel/g.plane, pixel%g.plane
		n := min(g.plane-first, end-pixel)
		f(pixel-tile*tilePixels, image, first, n)
		pixel += n
	}
}

func (g *gathered) gatherTile(tile, _ int) {
	x, count := g.vecs(g.x), g.inBlocks()
	to := g.packed.in(g.work)[tile*count*tilePixels:]
	g.pieces(tile, func(at, image, first, n int) {
		from := x[image*count*g.plane+first:]
		for b := range count {
			copyVecs(to[b*tilePixels+at:], from[b*g.plane:], n)
		}
	})
}

// copyVecs is copy for a few.
func copyVecs(to, from []vec, n int) {
	to, from = to[:n], from[:n]
	for i := range to {
		to[i] = from[i]
	}
}

func (g *gathered) computeTile(chunk, worker int) {
	part, tile := chunk%g.ranges, chunk/g.ranges
	n := min(tilePixels, g.pixels-tile*tilePixels)
	x := g.packed.in(g.work)[tile*g.inBlocks()*tilePixels:]
	y, all := g.results.in(g.work)[worker*3*tilePixels:][:3*tilePixels], g.vecs(g.y)
	a := g.args.of(worker)
	for i := part * len(g.columns) / g.ranges; i < (part+1)*len(g.columns)/g.ranges; i++ {
		g.multiply(a, i, y, tilePixels, x, tilePixels, n)
		c := g.columns[i]
		g.pieces(tile, func(at, image, first, n int) {
			to := all[(image*g.outBlocks()+c.block)*g.plane+first:]
			for v := range c.vectors {
				copyVecs(to[v*g.plane:], y[v*tilePixels+at:], n)
			}
		})
	}
	*a = kernels.Pointwise{}
}
