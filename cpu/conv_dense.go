package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// patches gathers what a dense filter sees: for each output pixel the R*S taps, all channels of a tap beside each other.
// Taps outside the picture are zero. Patches lie in blocks of eight numbers, tilePixels pixels of a block in a row, as if
// they were channels.
type patches struct {
	op     backend.Conv2D
	blocks int
}

func newPatches(o backend.Conv2D) patches { return patches{o, blocks(o.C * o.R * o.S)} }

// size returns the vecs that the patches of one tile take.
func (g *patches) size() int { return g.blocks * tilePixels }

// gather fills to with n patches from output pixel first of an image on.
func (g *patches) gather(to, x []vec, image, first, n int) {
	o := &g.op
	clear(to[(g.blocks-1)*tilePixels : g.blocks*tilePixels])
	for i := range n {
		p, q := (first+i)/o.Q(), (first+i)%o.Q()
		j := 0
		for r := range o.R {
			for s := range o.S {
				j = g.gatherTap(to[i:], x, image, p*o.Stride+r-o.Pad, q*o.Stride+s-o.Pad, j)
			}
		}
	}
}

// gatherTap writes the channels of pixel (h, w) as numbers j and following of a patch, and returns the next j.
func (g *patches) gatherTap(to, x []vec, image, h, w, j int) int {
	o := &g.op
	if h < 0 || h >= o.H || w < 0 || w >= o.W {
		for range o.C {
			to[j/lanes*tilePixels][j%lanes] = 0
			j++
		}
		return j
	}
	plane := o.H * o.W
	at := image*blocks(o.C)*plane + h*o.W + w
	for c := 0; c < o.C; c += lanes {
		v := &x[at]
		for l := range min(lanes, o.C-c) {
			to[j/lanes*tilePixels][j%lanes] = v[l]
			j++
		}
		at += plane
	}
	return j
}

// dense is the forward pass of a convolution with one group and any filter: the pointwise kernels over patches.
type dense struct {
	*env
	matrix
	patches
	images, pixels, tiles int
	args                  own[kernels.Pointwise]
	scratch               section[vec] // patches, for each worker
	size                  int64
	bias                  bool
	packStep              func(chunk, worker int)
	tileStep              func(chunk, worker int)
}

func newDense(o backend.Conv2D, e *env) program {
	d := &dense{env: e, patches: newPatches(o), images: o.N, pixels: o.P() * o.Q(), bias: hasBias(o), args: newOwn[kernels.Pointwise](e)}
	d.tiles = (d.pixels + tilePixels - 1) / tilePixels
	var l layout
	d.matrix = newMatrix(e, forwardPacking(o), &l)
	d.scratch = region[vec](&l, e.pool.Threads()*d.patches.size())
	d.size = l.size
	d.packStep, d.tileStep = d.packColumns, d.tile
	return d
}

func (d *dense) workspace() int64 { return d.size }

func (d *dense) run() error {
	d.parallel(len(d.columns), d.packStep)
	d.parallel(d.images*d.tiles, d.tileStep)
	return nil
}

func (d *dense) packColumns(i, worker int) {
	var bias []float32
	if d.bias {
		bias = d.f32(2)
	}
	d.pack(i, d.f32(1), bias, worker)
}

func (d *dense) tile(chunk, worker int) {
	image, first := chunk/d.tiles, chunk%d.tiles*tilePixels
	n := min(tilePixels, d.pixels-first)
	scratch := d.scratch.in(d.work)[worker*d.patches.size():][:d.patches.size()]
	d.gather(scratch, d.vecs(0), image, first, n)
	y, a := d.vecs(len(d.operands) - 1)[image*d.outBlocks()*d.pixels+first:], d.args.of(worker)
	for i, c := range d.columns {
		d.multiply(a, i, y[c.block*d.pixels:], d.pixels, scratch, tilePixels, n)
	}
	*a = kernels.Pointwise{}
}

// denseGradWeight is dw = sum over pixels of dy (outer) patch. A chunk is a range of images.
type denseGradWeight struct {
	*env
	sumMatrix
	patches
	images, pixels int
	args           own[kernels.Outer]
	scratch        section[vec] // patches, for each worker
	size           int64
	bias           *biasGradient
	sumStep        func(chunk, worker int)
	addStep        func(chunk, worker int)
}

// maxPartBytes bounds the memory for partial gradients, at the price of fewer chunks.
const maxPartBytes = 64 << 20

func newDenseGradWeight(o backend.Conv2D, e *env) program {
	d := &denseGradWeight{env: e, patches: newPatches(o), images: o.N, pixels: o.P() * o.Q(), args: newOwn[kernels.Outer](e)}
	packing := forwardPacking(o)
	partBytes := packing.outBlocks() * packing.inBlocks() * lanes * lanes * 8
	var l layout
	d.sumMatrix = newSumMatrix(e, packing, max(1, min(o.N, wantedChunks, maxPartBytes/partBytes)), &l)
	d.scratch = region[vec](&l, e.pool.Threads()*d.patches.size())
	d.size = l.size
	d.bias = newBiasGradient(o, e)
	d.sumStep, d.addStep = d.sum, d.add
	return d
}

func (d *denseGradWeight) workspace() int64 { return d.size }

func (d *denseGradWeight) run() error {
	d.parallel(d.groups, d.sumStep)
	d.parallel(d.outBlocks(), d.addStep)
	d.bias.run()
	return nil
}

func (d *denseGradWeight) sum(group, worker int) {
	for b := range d.outBlocks() {
		d.clear(group, b, 0, len(d.sumMatrix.tiles)-1)
	}
	scratch := d.scratch.in(d.work)[worker*d.patches.size():][:d.patches.size()]
	a := d.args.of(worker)
	*a = kernels.Outer{XBlock: tilePixels * vecBytes, Images: 1, DYPixel: vecBytes, XPixel: vecBytes}
	for image := group * d.images / d.groups; image < (group+1)*d.images/d.groups; image++ {
		for first := 0; first < d.pixels; first += tilePixels {
			a.Pixels = min(tilePixels, d.pixels-first)
			d.gather(scratch, d.vecs(0), image, first, a.Pixels)
			d.sumTile(a, group, scratch, d.vecs(1)[image*d.outBlocks()*d.pixels+first:])
		}
	}
	*a = kernels.Outer{}
}

// sumTile adds a tile of patches, of which dy begins with the first pixel in block 0.
func (d *denseGradWeight) sumTile(a *kernels.Outer, group int, scratch, dy []vec) {
	for t, tile := range d.sumMatrix.tiles {
		a.X = &scratch[tile.block*tilePixels][0]
		for b := range d.outBlocks() {
			a.DY = &dy[b*d.pixels][0]
			d.sumMatrix.add(a, group, b, t)
		}
	}
}

func (d *denseGradWeight) add(block, worker int) { d.finish(d.f32(2), block, worker) }
