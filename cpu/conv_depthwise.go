package cpu

import "mnv2/backend"

// window is a filter that slides over a plane: out[p,q] sees in[p*stride+r-padH, q*stride+s-padW].
type window struct {
	inH, inW, outH, outW int
	r, s, stride         int
	padH, padW           int
}

func newWindow(o backend.Conv2D) window {
	return window{o.H, o.W, o.P(), o.Q(), o.R, o.S, o.Stride, o.Pad, o.Pad}
}

// inside returns the outputs, from and to, that tap t of a filter sees within an axis of the input.
func inside(t, pad, stride, in, out int) (from, to int) {
	if t < pad {
		from = (pad - t + stride - 1) / stride
	}
	if last := in - 1 + pad - t; last >= 0 {
		to = min(out, last/stride+1)
	}
	return min(from, to), to
}

// depthwise is the forward pass of a depthwise convolution with any filter, and the gradient of its input, in plain loops;
// conv_depthwise3x3.go has those that MobileNetV2 uses. With stride 1 that gradient is a
// forward pass with the filter turned round; with larger strides each input pixel collects from the outputs that saw it.
// A chunk is a channel block over a range of images.
type depthwise struct {
	*env
	window
	split    imageSplit
	channels int
	turned   bool // the filter is used back to front
	collect  bool
	bias     bool
	x, w, y  int // operands
	weights  section[vec]
	size     int64
	packStep func(chunk, worker int)
	task     func(chunk, worker int)
}

func newDepthwise(o backend.Conv2D, e *env) program {
	d := &depthwise{env: e, window: newWindow(o), split: splitImages(o.N, blocks(o.C)), channels: o.C,
		bias: hasBias(o), w: 1, y: len(o.Operands()) - 1}
	if o.Pass == backend.GradInput {
		d.w, d.x = 0, 1
		if o.Stride == 1 && o.Pad < o.R && o.Pad < o.S {
			d.turned = true
			d.window = window{o.P(), o.Q(), o.H, o.W, o.R, o.S, 1, o.R - 1 - o.Pad, o.S - 1 - o.Pad}
		} else {
			d.collect = true
		}
	}
	var l layout
	d.weights = region[vec](&l, d.split.blocks*o.R*o.S)
	d.size = l.size
	d.packStep, d.task = d.packBlock, d.slide
	if d.collect {
		d.task = d.collectImages
	}
	return d
}

func (d *depthwise) workspace() int64 { return d.size }

func (d *depthwise) run() error {
	d.parallel(d.split.blocks, d.packStep)
	d.parallel(d.split.chunks(), d.task)
	return nil
}

func (d *depthwise) packBlock(block, _ int) {
	packFilter(d.weights.in(d.work), d.f32(d.w), block, d.r*d.s, d.channels, d.turned)
}

// packFilter puts the filters of eight channels side by side, one vec for each tap, from back to front if turned.
func packFilter(weights []vec, w []float32, block, taps, channels int, turned bool) {
	to := weights[block*taps : (block+1)*taps]
	clear(to)
	for l := range min(lanes, channels-block*lanes) {
		for t := range taps {
			at := t
			if turned {
				at = taps - 1 - t
			}
			to[t][l] = w[(block*lanes+l)*taps+at]
		}
	}
}

// slide is the forward pass over the images of a chunk.
func (d *depthwise) slide(chunk, _ int) {
	block, from, to := d.split.at(chunk)
	taps, inPlane, outPlane := d.r*d.s, d.inH*d.inW, d.outH*d.outW
	w := d.weights.in(d.work)[block*taps : (block+1)*taps]
	var init vec
	if d.bias {
		init = load8(d.f32(2), block)
	}
	for n := from; n < to; n++ {
		i := n*d.split.blocks + block
		x, y := d.vecs(d.x)[i*inPlane:(i+1)*inPlane], d.vecs(d.y)[i*outPlane:(i+1)*outPlane]
		for p := range d.outH {
			for q := range d.outW {
				d.slidePixel(&y[p*d.outW+q], x, w, &init, p, q)
			}
		}
		if used := d.channels - block*lanes; used < lanes {
			clearLanes(y, used)
		}
	}
}

func (d *depthwise) slidePixel(y *vec, x, w []vec, init *vec, p, q int) {
	sum := *init
	h0, w0 := p*d.stride-d.padH, q*d.stride-d.padW
	for r := max(0, -h0); r < min(d.r, d.inH-h0); r++ {
		row := x[(h0+r)*d.inW : (h0+r+1)*d.inW]
		for s := max(0, -w0); s < min(d.s, d.inW-w0); s++ {
			addProduct(&sum, &row[w0+s], &w[r*d.s+s])
		}
	}
	*y = sum
}

// addProduct is sum += a*b, lane by lane.
func addProduct(sum, a, b *vec) {
	sum[0] += a[0] * b[0]
	sum[1] += a[1] * b[1]
	sum[2] += a[2] * b[2]
	sum[3] += a[3] * b[3]
	sum[4] += a[4] * b[4]
	sum[5] += a[5] * b[5]
	sum[6] += a[6] * b[6]
	sum[7] += a[7] * b[7]
}

// collectImages is the gradient of the input for any stride. The window is that of the forward pass.
func (d *depthwise) collectImages(chunk, _ int) {
	block, from, to := d.split.at(chunk)
	taps, inPlane, outPlane := d.r*d.s, d.inH*d.inW, d.outH*d.outW
	w := d.weights.in(d.work)[block*taps : (block+1)*taps]
	for n := from; n < to; n++ {
		i := n*d.split.blocks + block
		dy, dx := d.vecs(d.x)[i*outPlane:(i+1)*outPlane], d.vecs(d.y)[i*inPlane:(i+1)*inPlane]
		for h := range d.inH {
			d.collectRow(dx[h*d.inW:(h+1)*d.inW], dy, w, h)
		}
		if used := d.channels - block*lanes; used < lanes {
			clearLanes(dx, used)
		}
	}
}

// collectRow adds up what the output rows give that saw input row h: p*stride + r - pad = h.
func (d *depthwise) collectRow(dx []vec, dy, w []vec, h int) {
	clear(dx)
	for r := (h + d.padH) % d.stride; r < d.r && r <= h+d.padH; r += d.stride {
		p := (h + d.padH - r) / d.stride
		if p >= d.outH {
			continue
		}
		row := dy[p*d.outW : (p+1)*d.outW]
		for s := range d.s {
			from, to := inside(s, d.padW, d.stride, d.inW, d.outW)
			if from < to {
				spread(dx[from*d.stride+s-d.padW:], d.stride, row[from:to], &w[r*d.s+s])
			}
		}
	}
}

// spread is y[i*yStep] += x[i] * w, for all of x.
func spread(y []vec, yStep int, x []vec, w *vec) {
	for i := range x {
		addProduct(&y[i*yStep], &x[i], w)
	}
}
