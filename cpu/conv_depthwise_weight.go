package cpu

import "mnv2/backend"

// depthwiseGradWeight is, for any filter, dw[r,s] = sum over images and outputs of dy[p,q] * x[p*stride+r-pad, q*stride+s-pad], lane by lane.
// A chunk is a channel block over a range of images.
type depthwiseGradWeight struct {
	*env
	window
	split    imageSplit
	channels int
	parts    section[[lanes]float64] // a tap each
	runs     section[vec]            // a tap each, for each worker
	size     int64
	bias     *biasGradient
	sumStep  func(chunk, worker int)
	addStep  func(chunk, worker int)
}

func newDepthwiseGradWeight(o backend.Conv2D, e *env) program {
	d := &depthwiseGradWeight{env: e, window: newWindow(o), split: splitImages(o.N, blocks(o.C)), channels: o.C}
	var l layout
	d.parts = region[[lanes]float64](&l, d.split.chunks()*o.R*o.S)
	d.runs = region[vec](&l, e.pool.Threads()*o.R*o.S)
	d.size = l.size
	d.bias = newBiasGradient(o, e)
	d.sumStep, d.addStep = d.sum, d.add
	return d
}

func (d *depthwiseGradWeight) workspace() int64 { return d.size }

func (d *depthwiseGradWeight) run() error {
	d.parallel(d.split.chunks(), d.sumStep)
	d.parallel(d.split.blocks, d.addStep)
	d.bias.run()
	return nil
}

func (d *depthwiseGradWeight) sum(chunk, worker int) {
	block, from, to := d.split.at(chunk)
	taps, inPlane, outPlane := d.r*d.s, d.inH*d.inW, d.outH*d.outW
	totals := d.parts.in(d.work)[chunk*taps : (chunk+1)*taps]
	run := d.runs.in(d.work)[worker*taps : (worker+1)*taps]
	clear(totals)
	clear(run)
	summed := 0
	for n := from; n < to; n++ {
		i := n*d.split.blocks + block
		x, dy := d.vecs(0)[i*inPlane:(i+1)*inPlane], d.vecs(1)[i*outPlane:(i+1)*outPlane]
		for p := range d.outH {
			d.sumRow(run, x, dy[p*d.outW:(p+1)*d.outW], p)
			if summed += d.outW; summed >= gradRun {
				flushVecs(totals, run)
				summed = 0
			}
		}
	}
	flushVecs(totals, run)
}

// sumRow adds what output row p gives to every tap.
func (d *depthwiseGradWeight) sumRow(run []vec, x, dy []vec, p int) {
	for r := range d.r {
		h := p*d.stride + r - d.padH
		if h < 0 || h >= d.inH {
			continue
		}
		row := x[h*d.inW : (h+1)*d.inW]
		for s := range d.s {
			from, to := inside(s, d.padW, d.stride, d.inW, d.outW)
			if from < to {
				dot(&run[r*d.s+s], dy[from:to], row[from*d.stride+s-d.padW:], d.stride)
			}
		}
	}
}

// flushVecs moves the sums of a run to totals.
func flushVecs(totals [][lanes]float64, run []vec) {
	for t := range run {
		for l, v := range run[t] {
			totals[t][l] += float64(v)
		}
	}
	clear(run)
}

func (d *depthwiseGradWeight) add(block, _ int) {
	taps := d.r * d.s
	unpackFilter(d.f32(2), d.parts.in(d.work), d.split, block, taps, d.channels)
}

// unpackFilter writes the gradients of eight filters, adding up the parts of all groups in order.
func unpackFilter(dw []float32, parts [][lanes]float64, split imageSplit, block, taps, channels int) {
	for t := range taps {
		total := parts[block*taps+t]
		for g := 1; g < split.groups; g++ {
			for l, v := range parts[(g*split.blocks+block)*taps+t] {
				total[l] += v
			}
		}
		for l := range min(lanes, channels-block*lanes) {
			dw[(block*lanes+l)*taps+t] = float32(total[l])
		}
	}
}

// dot is sum += sum over i of a[i] * b[i*bStep], for all of a.
func dot(sum *vec, a, b []vec, bStep int) {
	for i := range a {
		addProduct(sum, &a[i], &b[i*bStep])
	}
}
