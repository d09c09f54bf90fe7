package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// depthwise3x3GradWeight is the gradient of the weights. A chunk is a channel block over a range of images; a call of the
// kernel is some rows of an image, or some small images.
type depthwise3x3GradWeight struct {
	*depthwise3x3
	perCall    int                     // rows
	images     int                     // of a call, 1 if it is less than an image
	parts      section[[lanes]float64] // a tap each
	args       own[kernels.DepthwiseGradWeight]
	biasGrad   *biasGradient
	sumStep    func(chunk, worker int)
	unpackStep func(chunk, worker int)
}

func newDepthwise3x3GradWeight(o backend.Conv2D, d *depthwise3x3) program {
	g := &depthwise3x3GradWeight{depthwise3x3: d, args: newOwn[kernels.DepthwiseGradWeight](d.env)}
	r := newRuns(d.outH*d.outW, gradRun)
	g.perCall, g.images = (d.outH+r.pieces-1)/r.pieces, r.images
	var l layout
	g.parts = region[[lanes]float64](&l, d.split.chunks()*9)
	d.size = l.size
	g.biasGrad = newBiasGradient(o, d.env)
	g.sumStep, g.unpackStep = g.sum, g.unpack
	return g
}

func (g *depthwise3x3GradWeight) run() error {
	g.parallel(g.split.chunks(), g.sumStep)
	g.parallel(g.split.blocks, g.unpackStep)
	g.biasGrad.run()
	return nil
}

func (g *depthwise3x3GradWeight) sum(chunk, worker int) {
	block, from, to := g.split.at(chunk)
	totals := g.parts.in(g.work)[chunk*9 : (chunk+1)*9]
	clear(totals)
	a := g.args.of(worker)
	*a = kernels.DepthwiseGradWeight{Zero: &g.zeros[0][0], XImage: g.split.blocks * g.inH * g.inW * vecBytes,
		DYImage: g.split.blocks * g.outH * g.outW * vecBytes, Taps: kernels.DepthwiseTaps(g.stride, g.inW), Sum: &totals[0][0]}
	x, dy := g.vecs(0), g.vecs(1)
	for n := from; n < to; n += g.images {
		i := n*g.split.blocks + block
		a.X, a.Images = &x[i*g.inH*g.inW][0], min(g.images, to-n)
		for p := 0; p < g.outH; p += g.perCall {
			a.Rows, a.Count, a.DY = &g.rows[3*p], min(g.perCall, g.outH-p), &dy[(i*g.outH+p)*g.outW][0]
			g.train.DepthwiseGradWeight[g.stride](a)
		}
	}
	*a = kernels.DepthwiseGradWeight{}
}

func (g *depthwise3x3GradWeight) unpack(block, _ int) {
	unpackFilter(g.f32(2), g.parts.in(g.work), g.split, block, 9, g.channels)
}
