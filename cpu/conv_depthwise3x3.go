package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// is3x3 reports whether a convolution is one of those in MobileNetV2's depthwise layers, for which there are kernels.
func is3x3(o backend.Conv2D) bool {
	return o.IsDepthwise() && o.R == 3 && o.S == 3 && o.Pad == 1 && (o.Stride == 1 || o.Stride == 2)
}

// depthwise3x3 is a depthwise convolution 3x3 with padding 1 and stride 1 or 2. A chunk is a channel block over a range of
// images. The gradient of the input with stride 1 is the forward pass with the filter turned round.
type depthwise3x3 struct {
	*env
	window
	split    imageSplit
	channels int
	turned   bool
	rows     []int // where the three input rows of each output row begin, in bytes; -1 is zeros
	zeros    []vec // a row outside of the picture
	weights  section[vec]
	biases   section[vec] // or zero, of each block
	x, w, y  int          // operands
	bias     bool
	size     int64
	packStep func(chunk, worker int)
	task     func(chunk, worker int)
}

func newDepthwise3x3(o backend.Conv2D, e *env) program {
	d := &depthwise3x3{env: e, window: newWindow(o), split: splitImages(o.N, blocks(o.C)), channels: o.C,
		x: 0, w: 1, y: len(o.Operands()) - 1, bias: hasBias(o)}
	d.zeros = make([]vec, o.W)
	for p := range d.outH {
		for r := range 3 {
			offset := -1
			if h := p*o.Stride + r - 1; h >= 0 && h < o.H {
				offset = h * o.W * vecBytes
			}
			d.rows = append(d.rows, offset)
		}
	}
	if o.Pass == backend.GradWeight {
		return newDepthwise3x3GradWeight(o, d)
	}
	var l layout
	d.weights, d.biases = region[vec](&l, d.split.blocks*9), region[vec](&l, d.split.blocks)
	d.size = l.size
	d.packStep = d.packBlock
	if o.Pass == backend.GradInput {
		d.w, d.x, d.turned = 0, 1, o.Stride == 1
	}
	if o.Pass == backend.GradInput && o.Stride == 2 {
		return newDepthwise3x3GradInput(d, l)
	}
	args := newOwn[kernels.Depthwise](e)
	d.task = func(chunk, worker int) { d.slide(args.of(worker), chunk) }
	return d
}

func (d *depthwise3x3) workspace() int64 { return d.size }

func (d *depthwise3x3) run() error {
	d.parallel(d.split.blocks, d.packStep)
	d.parallel(d.split.chunks(), d.task)
	return nil
}

func (d *depthwise3x3) packBlock(block, _ int) {
	d.biases.in(d.work)[block] = vec{}
	if d.bias {
		d.biases.in(d.work)[block] = load8(d.f32(2), block)
	}
	packFilter(d.weights.in(d.work), d.f32(d.w), block, 9, d.channels, d.turned)
}

// slide is the forward pass over the images of a chunk.
func (d *depthwise3x3) slide(a *kernels.Depthwise, chunk int) {
	block, from, to := d.split.at(chunk)
	*a = kernels.Depthwise{Zero: &d.zeros[0][0], Rows: &d.rows[0], Count: d.outH, W: &d.weights.in(d.work)[block*9][0],
		Bias: &d.biases.in(d.work)[block][0], YRow: d.outW * vecBytes, Cols: kernels.DepthwiseColumns(d.stride, d.inW), Clamp: unclamped}
	x, y := d.vecs(d.x), d.vecs(d.y)
	for n := from; n < to; n++ {
		i := n*d.split.blocks + block
		a.X, a.Y = &x[i*d.inH*d.inW][0], &y[i*d.outH*d.outW][0]
		d.train.Depthwise[d.stride](a)
		d.clearPadding(y[i*d.outH*d.outW:(i+1)*d.outH*d.outW], block)
	}
	*a = kernels.Depthwise{}
}

// clearPadding repairs padding lanes where an input was infinite: infinity times zero is not zero.
func (d *depthwise3x3) clearPadding(y []vec, block int) {
	if used := d.channels - block*lanes; used < lanes {
		clearLanes(y, used)
	}
}

// depthwise3x3GradInput is the gradient of the input for stride 2. Two rows of dx come from two of dy; the last two only
// from one, with zeros below it, and a row too many is thrown away.
type depthwise3x3GradInput struct {
	*depthwise3x3
	away section[vec] // a row of dx, for each worker
	args own[kernels.DepthwiseGradInput]
}

func newDepthwise3x3GradInput(d *depthwise3x3, l layout) program {
	g := &depthwise3x3GradInput{depthwise3x3: d, args: newOwn[kernels.DepthwiseGradInput](d.env)}
	g.away = region[vec](&l, d.pool.Threads()*d.inW)
	d.size = l.size
	d.task = g.spread
	return g
}

func (g *depthwise3x3GradInput) spread(chunk, worker int) {
	block, from, to := g.split.at(chunk)
	a := g.args.of(worker)
	*a = kernels.DepthwiseGradInput{DYRow: g.outW * vecBytes, DXRow: 2 * g.inW * vecBytes, W: &g.weights.in(g.work)[block*9][0],
		Middle: g.outW - 1, Even: 1 - g.inW%2}
	for n := from; n < to; n++ {
		i := n*g.split.blocks + block
		dy := g.vecs(g.x)[i*g.outH*g.outW : (i+1)*g.outH*g.outW]
		dx := g.vecs(g.y)[i*g.inH*g.inW : (i+1)*g.inH*g.inW]
		if g.outH > 1 {
			a.DY, a.Next, a.DX, a.Odd, a.Count = &dy[0][0], &dy[g.outW][0], &dx[0][0], &dx[g.inW][0], g.outH-1
			g.train.DepthwiseGradInput(a)
		}
		last := (g.outH - 1) * 2 * g.inW
		a.DY, a.Next, a.DX, a.Odd, a.Count = &dy[(g.outH-1)*g.outW][0], &g.zeros[0][0], &dx[last][0], &g.away.in(g.work)[worker*g.inW][0], 1
		if g.inH%2 == 0 {
			a.Odd = &dx[last+g.inW][0]
		}
		g.train.DepthwiseGradInput(a)
		g.clearPadding(dx, block)
	}
	*a = kernels.DepthwiseGradInput{}
}
