package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// tilePixels is how many pixels of patches are gathered for a kernel: with 960 channels 240 KiB, which fits the second-level
// cache.
const tilePixels = 64

// pointwise is the forward pass of a 1x1 convolution, and the gradient of its input, which is the same with the transposed
// weights: y = b + x.w, pixel by pixel. A chunk is a tile of pixels and a range of columns.
//
// Kernels want pixels that follow each other. Where planes are too small, images are folded first: see conv_folded.go.
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
	if o.H*o.W < smallPlane {
		p.matrix = newLooseMatrix(e, packing)
		return newFolded(o, p)
	}
	var l layout
	p.matrix = newMatrix(e, packing, &l)
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
