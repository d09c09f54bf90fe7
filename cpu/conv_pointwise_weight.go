package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// pointwiseGradWeight is dw = sum over pixels of dy (outer) x. A chunk is some output blocks, some tiles of input blocks,
// and a range of images.
type pointwiseGradWeight struct {
	*env
	sumMatrix
	in, out              grid
	runs                 runs
	blockRanges, columns int // ranges of output blocks and of tiles
	args                 own[kernels.Outer]
	size                 int64
	bias                 *biasGradient
	sumStep              func(chunk, worker int)
	addStep              func(chunk, worker int)
}

// rangeBlocks is how many output blocks of a run stay in the first-level cache beside a tile of input blocks.
const rangeBlocks = 4

func newPointwiseGradWeight(o backend.Conv2D, e *env) program {
	p := &pointwiseGradWeight{env: e, args: newOwn[kernels.Outer](e)}
	packing := forwardPacking(o)
	if o.H*o.W < smallPlane && o.N*o.H*o.W <= channelPixels && o.C%lanes == 0 && o.K%lanes == 0 {
		return newFoldedGradWeight(o, e)
	}
	p.in, p.out = newGrid(o.N, o.H*o.W, packing.inBlocks()), newGrid(o.N, o.H*o.W, packing.outBlocks())
	p.runs = newRuns(p.in.pixels, gradRun)
	p.blockRanges = (packing.outBlocks() + rangeBlocks - 1) / rangeBlocks
	// Each group of images should have some runs, lest the time goes into adding up groups.
	groups := min(p.in.images, (wantedChunks+p.blockRanges-1)/p.blockRanges, max(1, p.in.images*p.in.pixels/(4*gradRun)))
	var l layout
	p.sumMatrix = newSumMatrix(e, packing, groups, &l)
	p.size = l.size
	p.columns = min(len(p.tiles), (wantedChunks/2+p.blockRanges*groups-1)/(p.blockRanges*groups))
	p.bias = newBiasGradient(o, e)
	p.sumStep, p.addStep = p.sum, p.add
	return p
}

func (p *pointwiseGradWeight) workspace() int64 { return p.size }

func (p *pointwiseGradWeight) run() error {
	p.parallel(p.groups*p.columns*p.blockRanges, p.sumStep)
	p.parallel(p.outBlocks(), p.addStep)
	p.bias.run()
	return nil
}

func (p *pointwiseGradWeight) sum(chunk, worker int) {
	group, part, column := chunk/(p.columns*p.blockRanges), chunk/p.columns%p.blockRanges, chunk%p.columns
	block, lastBlock := part*rangeBlocks, min((part+1)*rangeBlocks, p.outBlocks())
	tile, lastTile := column*len(p.tiles)/p.columns, (column+1)*len(p.tiles)/p.columns
	for b := block; b < lastBlock; b++ {
		p.clear(group, b, tile, lastTile-1)
	}
	a := p.args.of(worker)
	*a = kernels.Outer{XBlock: p.in.block * vecBytes, DYImage: p.out.image * vecBytes, DYPixel: p.out.pixel * vecBytes,
		XImage: p.in.image * vecBytes, XPixel: p.in.pixel * vecBytes}
	x, dy := p.vecs(0), p.vecs(1)
	p.runs.each(group*p.in.images/p.groups, (group+1)*p.in.images/p.groups, func(image, images, first, pixels int) {
		a.Images, a.Pixels = images, pixels
		for t := tile; t < lastTile; t++ {
			a.X = &x[image*p.in.image+p.tiles[t].block*p.in.block+first*p.in.pixel][0]
			for b := block; b < lastBlock; b++ {
				a.DY = &dy[image*p.out.image+b*p.out.block+first*p.out.pixel][0]
				p.sumMatrix.add(a, group, b, t)
			}
		}
	})
	*a = kernels.Outer{}
}

func (p *pointwiseGradWeight) add(block, worker int) { p.finish(p.f32(2), block, worker) }
