package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// residual is an inverted residual in training. Of what lies between its three convolutions only their outputs z, before
// batch norm, are kept, in the folded layout (residual_tiles.go). Normalised values and gradients of z are made where they
// are used, a tile or a plane at a time, while they are in the cache. In steps:
//
//	forward   expand     x -> z1, and its moments
//	          slide      z1 -> a -> z2, and its moments
//	          project    z2 -> b -> z3, and its moments
//	          output     z3 -> y (+ x)
//	backward  dz3        dy -> dz3
//	          unproject  dz3 -> db, its sums for batch norm, dw3
//	          unslide    db -> dz2 -> da, its sums for batch norm, dw2
//	          shrink     da -> dz1, in place, dw1
//	          unexpand   dz1 -> dx (+ dy)
//
// z1 is six times as large as x: if it is large it is never there as a whole, but computed again for each use, an image at a
// time (residual_wide.go). Without an expand convolution a is x. Where the whole batch of a few channels fits the cache, steps
// are done channels by channels in place of tile by tile (residual_channels.go).
type residual struct {
	*env
	op                             backend.InvertedResidual
	inPlane, outPlane              int
	inBlocks, midBlocks, outBlocks int
	fold                           bool // x, dx are copied into the folded layout
	keepWide                       bool // z1 is kept
	byImage                        bool // z1 and da are made for an image at a time
	gradInPlace                    bool // db lies in dx, which takes its place plane by plane
	byChannel                      bool // see residual_channels.go
	expandNorm                     *norm
	slideNorm, projectNorm         *norm
	expand, project                matrix
	unexpand, unproject            matrix // transposed weights
	wide, narrow                   tiling // of the pixels of x and of y
	short                          tiling // of the pixels of x, where nothing is summed
	wideParts, narrowParts         int    // into which channels are cut besides
	shortParts                     int
	panels                         []panel
	products                       productSum // if byChannel
	slider                         slider
	expandSums, projectSums        sumMatrix
	places                         residualPlaces
	size, kept                     int64
	args                           own[residualArgs]
	t                              residualTensors
	steps                          []step
}

// step is a number of chunks that may be done at once.
type step struct {
	chunks int
	task   func(chunk, worker int)
}

// residualPlaces are the places of tensors in saved and in scratch memory.
type residualPlaces struct {
	z1, z2, z3, dz3, db, da, x, dx section[vec]
	b                              section[vec]           // if byChannel
	stats                          [3][2]section[float32] // mean and invStd of each batch norm
	scratch                        section[vec]           // of each worker
	scratchSize                    int
}

// residualTensors are filled for a Run and empty between two.
type residualTensors struct {
	x, y, dy, dx                 view
	folded, foldedGrad           view // x and dx as the loops want them
	z1, z2, z3, dz3, db, da, b   view
	expandW, slideW, projectW    []float32
	expandDW, slideDW, projectDW []float32
}

// residualArgs are the arguments of the kernels that a worker calls.
type residualArgs struct {
	pointwise kernels.Pointwise
	outer     kernels.Outer
	slide     kernels.Depthwise
	unslide   kernels.DepthwiseGradInput
	taps      kernels.DepthwiseGradWeight
	elements  elementArgs
	copy      kernels.Copy
}

const (
	// foldPlane is the number of pixels below which planes are folded, so that tiles go across images.
	foldPlane = 100
	// keepWideBytes is up to what size z1 is kept.
	keepWideBytes = 8 << 20
)

func newResidual(o backend.InvertedResidual, e *env) (program, string) {
	if o.Pass != backend.Forward && o.Pass != backend.Backward {
		return nil, "no native plan for this pass"
	}
	if reason := needBlocks(o.In()); reason != "" {
		return nil, reason
	}
	y := o.Out()
	r := &residual{env: e, op: o, inPlane: o.H * o.W, outPlane: y.H * y.W, inBlocks: blocks(o.C), midBlocks: blocks(o.E),
		outBlocks: blocks(o.K), args: newOwn[residualArgs](e)}
	r.fold = r.inPlane < foldPlane
	r.keepWide = int64(o.N*r.inPlane*r.midBlocks)*vecBytes <= keepWideBytes
	r.byImage = o.Expand && !r.keepWide && !r.fold
	r.gradInPlace = !o.Expand && o.InputGrad && o.Stride == 1 && !r.fold
	r.byChannel = r.fitsByChannel()
	var work, kept layout
	r.placeKept(&kept)
	r.cut(&work)
	r.placeWork(&work)
	r.size, r.kept = work.size, kept.size
	if r.byChannel {
		r.planChannels()
	} else if o.Pass == backend.Forward {
		r.planForward()
	} else {
		r.planBackward()
	}
	return r, ""
}

func (r *residual) workspace() int64  { return r.size }
func (r *residual) savedBytes() int64 { return r.kept }

// placeKept lays out what lives from Forward to Backward.
func (r *residual) placeKept(l *layout) {
	o, p := &r.op, &r.places
	p.z2 = region[vec](l, o.N*r.outPlane*r.midBlocks)
	p.z3 = region[vec](l, o.N*r.outPlane*r.outBlocks)
	if o.Expand && r.keepWide {
		p.z1 = region[vec](l, o.N*r.inPlane*r.midBlocks)
	}
	for i, channels := range []int{o.E, o.E, o.K} {
		p.stats[i] = [2]section[float32]{region[float32](l, channels), region[float32](l, channels)}
	}
}

// placeWork lays out what lives during a Run.
func (r *residual) placeWork(l *layout) {
	o, p := &r.op, &r.places
	wide, narrow := o.N*r.inPlane, o.N*r.outPlane
	if r.byImage {
		wide = r.pool.Threads() * r.inPlane
	}
	if o.Expand && !r.keepWide {
		p.z1 = region[vec](l, wide*r.midBlocks)
	}
	if r.fold {
		p.x = region[vec](l, wide*r.inBlocks)
	}
	if r.byChannel {
		r.placeChannels(l)
		return
	}
	tile := (panelBlocks + 1) * r.narrow.most()
	if o.Pass == backend.Forward {
		tile = r.midBlocks * r.narrow.most()
	} else {
		p.dz3 = region[vec](l, narrow*r.outBlocks)
		if !r.gradInPlace {
			p.db = region[vec](l, narrow*r.midBlocks)
		}
		if o.Expand {
			p.da = region[vec](l, wide*r.midBlocks)
		}
		if r.fold && o.InputGrad {
			p.dx = region[vec](l, wide*r.inBlocks)
		}
	}
	p.scratchSize = max(tile, r.slider.scratch(), mostColumns*r.wide.most())
	p.scratch = region[vec](l, r.pool.Threads()*p.scratchSize)
}

// scratch returns the worker's own memory.
func (r *residual) scratch(worker int) []vec {
	size := r.places.scratchSize
	return r.places.scratch.in(r.work)[worker*size : (worker+1)*size]
}

// cut decides how the steps are cut into chunks, and makes the parts that depend on it.
func (r *residual) cut(l *layout) {
	o := &r.op
	wideImages, widePixels, narrowPixels := o.N, r.inPlane, o.N*r.outPlane
	if r.fold {
		wideImages, widePixels = 1, o.N*r.inPlane
	}
	expand, project := o.ExpandConv(o.Pass), o.ProjectConv(o.Pass)
	r.slider = newSlider(r, l)
	if r.byChannel {
		r.cutChannels(l)
		return
	}
	if o.Pass == backend.Forward {
		if o.Expand {
			r.expand = newMatrix(r.env, forwardPacking(expand.Conv(backend.Forward)), l)
			r.wide = newTiling(wideImages, widePixels, shortTile(wideImages*widePixels), wantedChunks)
			r.wideParts = rangesOf(len(r.expand.columns), r.wide.groups)
		}
		r.project = newMatrix(r.env, forwardPacking(project.Conv(backend.Forward)), l)
		r.narrow = newTiling(1, narrowPixels, shortTile(narrowPixels), wantedChunks)
		r.narrowParts = rangesOf(len(r.project.columns), r.narrow.groups)
		if r.byImage {
			r.wide.groups = r.slider.split.groups
		}
		r.makeNorms(r.wide.groups, r.slider.split.groups, r.narrow.groups, l)
		return
	}
	r.unproject = newMatrix(r.env, transposedPacking(project.Conv(backend.GradInput)), l)
	r.panels = cutPanels(r.unproject.columns, panelBlocks)
	narrowImages := 1
	if r.gradInPlace { // dx lies image by image
		narrowImages = o.N
	}
	r.narrow = newTiling(narrowImages, narrowPixels/narrowImages, residualTile, r.sumGroups(narrowPixels, len(r.panels)))
	r.narrowParts = rangesOf(len(r.panels), r.narrow.groups)
	r.projectSums = newSumMatrix(r.env, forwardPacking(project.Conv(backend.GradWeight)), r.narrow.groups, l)
	r.projectSums.tiles = r.panelTiles()
	if o.Expand {
		if !r.keepWide {
			r.expand = newMatrix(r.env, forwardPacking(expand.Conv(backend.Forward)), l)
		}
		if o.InputGrad {
			r.unexpand = newMatrix(r.env, transposedPacking(expand.Conv(backend.GradInput)), l)
			r.short = newTiling(wideImages, widePixels, shortTile(wideImages*widePixels), wantedChunks)
			r.shortParts = rangesOf(len(r.unexpand.columns), r.short.groups)
		}
		r.wide = newTiling(wideImages, widePixels, residualTile, r.sumGroups(o.N*r.inPlane, r.midBlocks))
		if r.byImage {
			r.wide.groups = r.slider.split.groups
		}
		r.wideParts = rangesOf(r.midBlocks, r.wide.groups)
		r.expandSums = newSumMatrix(r.env, forwardPacking(expand.Conv(backend.GradWeight)), r.wide.groups, l)
	}
	r.makeNorms(r.slider.split.groups, r.narrow.groups, splitImages(o.N, r.outBlocks).groups, l)
}

// sumGroups is into how many groups the pixels are cut whose gradients of weights are summed apart, where channels can be
// cut into parts besides. Each group should have some runs, lest the time goes into adding up groups.
func (r *residual) sumGroups(pixels, parts int) int {
	return min((wantedChunks+parts-1)/parts, max(1, pixels/(4*gradRun)))
}

// panelTiles cuts every panel into tiles of a sum, and notes which are its own.
func (r *residual) panelTiles() []columns {
	var tiles []columns
	for i := range r.panels {
		p := &r.panels[i]
		p.tile = len(tiles)
		for _, t := range cutTiles(p.blocks, r.train.OuterMost()) {
			t.block += p.block
			tiles = append(tiles, t)
		}
		p.lastTile = len(tiles)
	}
	return tiles
}

// makeNorms makes the three batch norms, whose sums come in so many groups.
func (r *residual) makeNorms(expand, slide, project int, l *layout) {
	o := &r.op
	if o.Expand {
		r.expandNorm = newClampedNorm(o.ExpandConv(o.Pass), imageSplit{r.midBlocks, o.N, expand}, r.env, l)
	}
	r.slideNorm = newClampedNorm(o.DepthwiseConv(o.Pass), imageSplit{r.midBlocks, o.N, slide}, r.env, l)
	r.projectNorm = newNormParts(o.ProjectConv(o.Pass).Norm(o.Pass), imageSplit{r.outBlocks, o.N, project}, r.env, l)
}

// newClampedNorm is the batch norm of c with ReLU6.
func newClampedNorm(c backend.ConvBNAct, split imageSplit, e *env, l *layout) *norm {
	n := newNormParts(c.Norm(c.Pass), split, e, l)
	n.clamp, n.masked = kernels.Clamp{Low: 0, High: 6}, 1
	return n
}
