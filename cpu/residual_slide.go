package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// slider is the depthwise convolution within an inverted residual. A chunk is one channel block of some images, which are
// done a batch at a time: as many as keep their pixels in the first-level cache.
//
// In the folded layout the images of a batch follow each other, and one table of rows says what lies above and below each
// row of all of them.
type slider struct {
	window
	split     imageSplit
	batch     int   // images
	rows      []int // of the forward pass, for all images of a batch; see kernels.Depthwise
	zeros     []vec // a row outside of the picture
	runRows   int   // of dy, summed in float32
	weights   section[vec]
	turned    section[vec] // from back to front, for the gradient of the input with stride 1
	parts     section[[lanes]float64]
	away      section[vec] // a row of dx that nobody wants, for each worker
	inGrad    bool
	fromInput bool // there is no expand convolution
}

// batchPixels is about how many pixels of a channel block are done at a time.
const batchPixels = 512

func newSlider(r *residual, l *layout) slider {
	o := &r.op
	conv := o.DepthwiseConv(o.Pass).Conv(backend.Forward)
	s := slider{window: newWindow(conv), split: splitImages(o.N, r.midBlocks), inGrad: o.Expand || o.InputGrad, fromInput: !o.Expand}
	s.batch = max(1, min(o.N, batchPixels/r.inPlane))
	if s.fromInput && !r.fold {
		s.batch = 1 // x lies image by image
	}
	s.zeros = make([]vec, max(s.inW, s.outW))
	for image := range s.batch {
		for p := range s.outH {
			for tap := range 3 {
				offset := -1
				if h := p*s.stride + tap - 1; h >= 0 && h < s.inH {
					offset = (image*s.inH + h) * s.inW * vecBytes
				}
				s.rows = append(s.rows, offset)
			}
		}
	}
	if r.byImage {
		s.split.groups, s.batch = min(o.N, wantedChunks), 1
	}
	if r.byChannel {
		s.split.groups = 1
	}
	s.runRows = max(1, (gradRun+s.outW/2)/s.outW)
	s.weights = region[vec](l, 9*s.split.blocks)
	if o.Pass == backend.Backward {
		s.parts = region[[lanes]float64](l, 9*s.split.chunks())
		s.turned = region[vec](l, 9*s.split.blocks)
		s.away = region[vec](l, r.pool.Threads()*s.inW)
	}
	return s
}

// scratch is how many vecs a worker needs: a batch of a, and of dz2.
func (s *slider) scratch() int { return s.batch * (s.inH*s.inW + s.outH*s.outW) }

// images calls f for the batches of a chunk.
func (s *slider) images(from, to int, f func(n, count int)) {
	for n := from; n < to; n += s.batch {
		f(n, min(s.batch, to-n))
	}
}

// packSlide packs the filters of a channel block.
func (r *residual) packSlide(block, _ int) {
	s := &r.slider
	packFilter(s.weights.in(r.work), r.t.slideW, block, 9, r.op.E, false)
	if r.op.Pass == backend.Backward && s.stride == 1 {
		packFilter(s.turned.in(r.work), r.t.slideW, block, 9, r.op.E, true)
	}
}

// source returns a, the depthwise convolution's input, of some images of a channel block: made of z1 in to, or x itself.
func (r *residual) source(worker int, z1 view, block, n, count int, to []vec) []vec {
	if r.slider.fromInput {
		return r.t.folded.at(n, block, 0)[:count*r.inPlane]
	}
	to = to[:count*r.inPlane]
	r.expandNorm.normaliseRun(worker, block, to, z1.at(n, block, 0)[:len(to)])
	return to
}

// slide computes z2 of a channel block of some images, and its moments.
func (r *residual) slide(chunk, worker int) {
	s, n2 := &r.slider, r.slideNorm
	block, from, to := s.split.at(chunk)
	a, scratch, m := &r.args.of(worker).slide, r.scratch(worker), n2.part(chunk/s.split.blocks, block)
	*m = moments{}
	s.images(from, to, func(n, count int) {
		x, z := r.source(worker, r.t.z1, block, n, count, scratch), r.t.z2.at(n, block, 0)[:count*r.outPlane]
		r.slideOver(a, z, x, s.weights.in(r.work)[9*block:], count)
		if used := r.op.E - block*lanes; used < lanes {
			clearLanes(z, used)
		}
		n2.addMoments(worker, m, z)
	})
	m.centre()
	r.forget(worker)
}

// slideOver is the convolution of some images with stride 1 or 2 by one channel block's filter w.
func (r *residual) slideOver(a *kernels.Depthwise, y, x, w []vec, images int) {
	s := &r.slider
	*a = kernels.Depthwise{X: &x[0][0], Zero: &s.zeros[0][0], Rows: &s.rows[0], Count: images * s.outH, W: &w[0][0],
		Bias: &noBias[0][0], Y: &y[0][0], YRow: s.outW * vecBytes, Cols: kernels.DepthwiseColumns(s.stride, s.inW), Clamp: unclamped}
	r.train.Depthwise[s.stride](a)
}

// unslide takes db of a channel block of some images to dz2 and to da, adds up the gradient of the filter, and the sums for
// the expand convolution's batch norm.
func (r *residual) unslide(chunk, worker int) {
	s := &r.slider
	block, from, to := s.split.at(chunk)
	group := chunk / s.split.blocks
	scratch := r.scratch(worker)
	made, dz := scratch[:s.batch*r.inPlane], scratch[s.batch*r.inPlane:]
	totals := s.parts.in(r.work)[9*chunk : 9*(chunk+1)]
	clear(totals)
	var m *moments
	if r.op.Expand {
		m = r.expandNorm.part(group, block)
		*m = moments{}
	}
	s.images(from, to, func(n, count int) {
		dz := dz[:count*r.outPlane]
		r.slideNorm.gradientRun(worker, block, dz, r.t.z2.at(n, block, 0)[:len(dz)], r.t.db.at(n, block, 0))
		r.addTaps(worker, totals, r.source(worker, r.t.z1, block, n, count, made), dz)
		if !s.inGrad {
			return
		}
		da := r.t.da.at(n, block, 0)[:count*r.inPlane]
		r.spread(worker, block, da, dz, count)
		if m != nil {
			r.expandNorm.addGradients(worker, m, block, r.t.z1.at(n, block, 0)[:len(da)], da)
		} else if r.op.Residual && !r.fold {
			r.blend(worker, da, r.t.dy.at(n, block, 0)[:len(da)])
		}
	})
	r.forget(worker)
}

// addTaps adds to the gradient of a filter what some images give.
func (r *residual) addTaps(worker int, totals [][lanes]float64, x, dz []vec) {
	s, a := &r.slider, &r.args.of(worker).taps
	*a = kernels.DepthwiseGradWeight{X: &x[0][0], Zero: &s.zeros[0][0], Images: 1, Taps: kernels.DepthwiseTaps(s.stride, s.inW), Sum: &totals[0][0]}
	for row, rows := 0, len(dz)/s.outW; row < rows; row += s.runRows {
		a.Rows, a.Count, a.DY = &s.rows[3*row], min(s.runRows, rows-row), &dz[row*s.outW][0]
		r.train.DepthwiseGradWeight[s.stride](a)
	}
}

// spread is the gradient of the depthwise convolution's input.
func (r *residual) spread(worker, block int, dx, dy []vec, images int) {
	s := &r.slider
	if s.stride == 1 {
		r.slideOver(&r.args.of(worker).slide, dx, dy, s.turned.in(r.work)[9*block:], images)
	} else {
		for i := range images {
			r.spreadImage(worker, block, dx[i*r.inPlane:(i+1)*r.inPlane], dy[i*r.outPlane:(i+1)*r.outPlane])
		}
	}
	if used := r.op.E - block*lanes; used < lanes {
		clearLanes(dx, used)
	}
}

// spreadImage is spread for stride 2: two rows of dx come from two of dy. The last two have zeros below; of an odd number
// of rows there is one too many, which is thrown away.
func (r *residual) spreadImage(worker, block int, dx, dy []vec) {
	s, a := &r.slider, &r.args.of(worker).unslide
	*a = kernels.DepthwiseGradInput{DYRow: s.outW * vecBytes, DXRow: 2 * s.inW * vecBytes, W: &s.weights.in(r.work)[9*block][0],
		Middle: s.outW - 1, Even: 1 - s.inW%2}
	if s.outH > 1 {
		a.DY, a.Next, a.DX, a.Odd, a.Count = &dy[0][0], &dy[s.outW][0], &dx[0][0], &dx[s.inW][0], s.outH-1
		r.train.DepthwiseGradInput(a)
	}
	last := (s.outH - 1) * 2 * s.inW
	a.DY, a.Next, a.DX, a.Count = &dy[(s.outH-1)*s.outW][0], &s.zeros[0][0], &dx[last][0], 1
	if s.inH%2 == 0 {
		a.Odd = &dx[last+s.inW][0]
	} else {
		a.Odd = &s.away.in(r.work)[worker*s.inW][0]
	}
	r.train.DepthwiseGradInput(a)
}

// finishTaps writes the gradient of the filters of a channel block.
func (r *residual) finishTaps(block, _ int) {
	unpackFilter(r.t.slideDW, r.slider.parts.in(r.work), r.slider.split, block, 9, r.op.E)
}
