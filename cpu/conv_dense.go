package cpu

import "mnv2/backend"

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

// dense is the forward pass of a convolution with one group and any filter: the pointwise loops over patches.
type dense struct {
	*env
	packing
	patches
	images, pixels, tiles int
	weights               section[panel]
	inits                 section[vec] // the bias, or zero, of each output block
	scratch               section[vec] // patches, for each worker
	size                  int64
	bias                  bool
	packStep              func(chunk, worker int)
	tileStep              func(chunk, worker int)
}

func newDense(o backend.Conv2D, e *env) program {
	d := &dense{env: e, packing: forwardPacking(o), patches: newPatches(o), images: o.N, pixels: o.P() * o.Q(), bias: hasBias(o)}
	d.tiles = (d.pixels + tilePixels - 1) / tilePixels
	var l layout
	d.weights = region[panel](&l, d.panels())
	d.inits = region[vec](&l, d.outBlocks())
	d.scratch = region[vec](&l, e.pool.threads()*d.patches.size())
	d.size = l.size
	d.packStep, d.tileStep = d.packBlock, d.tile
	return d
}

func (d *dense) workspace() int64 { return d.size }

func (d *dense) run() error {
	d.parallel(d.outBlocks(), d.packStep)
	d.parallel(d.images*d.tiles, d.tileStep)
	return nil
}

func (d *dense) packBlock(block, _ int) {
	d.pack(d.weights.in(d.work), d.f32(1), block)
	d.inits.in(d.work)[block] = vec{}
	if d.bias {
		d.inits.in(d.work)[block] = load8(d.f32(2), block)
	}
}

func (d *dense) tile(chunk, worker int) {
	image, first := chunk/d.tiles, chunk%d.tiles*tilePixels
	n := min(tilePixels, d.pixels-first)
	scratch := d.scratch.in(d.work)[worker*d.patches.size():][:d.patches.size()]
	d.gather(scratch, d.vecs(0), image, first, n)
	weights, inits, count := d.weights.in(d.work), d.inits.in(d.work), d.inBlocks()
	for k := range d.outBlocks() {
		at := (image*d.outBlocks()+k)*d.pixels + first
		y := d.vecs(len(d.operands) - 1)[at : at+n]
		d.pointwise(y, 1, scratch, 1, tilePixels, weights[k*count:(k+1)*count], &inits[k], n)
		if used := d.packing.out - k*lanes; used < lanes {
			clearLanes(y, used)
		}
	}
}

// denseGradWeight is dw = sum over pixels of dy (outer) patch. A chunk is a range of images.
type denseGradWeight struct {
	*env
	packing
	patches
	images, pixels, groups int
	parts                  section[sums]
	runs                   section[panel] // for each worker
	scratch                section[vec]   // patches, for each worker
	size                   int64
	bias                   *biasGradient
	sumStep                func(chunk, worker int)
	addStep                func(chunk, worker int)
}

// maxPartBytes bounds the memory for partial gradients, at the price of fewer chunks.
const maxPartBytes = 64 << 20

func newDenseGradWeight(o backend.Conv2D, e *env) program {
	d := &denseGradWeight{env: e, packing: forwardPacking(o), patches: newPatches(o), images: o.N, pixels: o.P() * o.Q()}
	partBytes := d.panels() * lanes * lanes * 8
	d.groups = max(1, min(o.N, wantedChunks, maxPartBytes/partBytes))
	var l layout
	d.parts = region[sums](&l, d.groups*d.panels())
	d.runs = region[panel](&l, e.pool.threads())
	d.scratch = region[vec](&l, e.pool.threads()*d.patches.size())
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
	totals := d.parts.in(d.work)[group*d.panels() : (group+1)*d.panels()]
	clear(totals)
	scratch := d.scratch.in(d.work)[worker*d.patches.size():][:d.patches.size()]
	for image := group * d.images / d.groups; image < (group+1)*d.images/d.groups; image++ {
		for first := 0; first < d.pixels; first += tilePixels {
			n := min(tilePixels, d.pixels-first)
			d.gather(scratch, d.vecs(0), image, first, n)
			d.sumTile(totals, &d.runs.in(d.work)[worker], scratch, image*d.outBlocks()*d.pixels+first, n)
		}
	}
}

// sumTile adds n pixels, of which first is the place of the first one in block 0 of dy.
func (d *denseGradWeight) sumTile(totals []sums, run *panel, scratch []vec, first, n int) {
	*run = panel{}
	for k := range d.outBlocks() {
		dy := d.vecs(1)[first+k*d.pixels:]
		for i := range d.inBlocks() {
			d.outer(run, dy, 1, scratch[i*tilePixels:], 1, n)
			flushPanel(&totals[k*d.inBlocks()+i], run)
		}
	}
}

func (d *denseGradWeight) add(block, _ int) {
	d.unpack(d.f32(2), d.parts.in(d.work), d.groups, d.panels(), block)
}
