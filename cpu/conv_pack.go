package cpu

import "mnv2/backend"

// packing is how the weights of a convolution, a matrix in OIHW order, become panels and back. Panel o*inBlocks+i lies
// between the input channels of block i and the output channels of block o.
type packing struct {
	out, in int
	outStep int   // in the OIHW tensor, from one output channel to the next
	inPlace []int // in the OIHW tensor, the place of each input channel
}

func (p *packing) outBlocks() int { return blocks(p.out) }
func (p *packing) inBlocks() int  { return blocks(p.in) }
func (p *packing) panels() int    { return p.outBlocks() * p.inBlocks() }

// forwardPacking takes a dense filter as a matrix from patches to output channels. A patch is the R*S taps of the filter,
// all channels of a tap beside each other.
func forwardPacking(o backend.Conv2D) packing {
	taps := o.R * o.S
	p := packing{out: o.K, in: o.C * taps, outStep: o.C * taps}
	for tap := range taps {
		for c := range o.C {
			p.inPlace = append(p.inPlace, c*taps+tap)
		}
	}
	return p
}

// transposedPacking takes a 1x1 filter as a matrix from output channels to input channels.
func transposedPacking(o backend.Conv2D) packing {
	p := packing{out: o.C, in: o.K, outStep: 1}
	for k := range o.K {
		p.inPlace = append(p.inPlace, k*o.C)
	}
	return p
}

// pack fills the panels of output block ob. Lanes beyond the channels become zero.
func (p *packing) pack(panels []panel, w []float32, ob int) {
	count := p.inBlocks()
	used := min(lanes, p.out-ob*lanes)
	for i := range count {
		to := &panels[ob*count+i]
		*to = panel{}
		for ci := range min(lanes, p.in-i*lanes) {
			row := (*vec)(to[ci*lanes:])
			at := ob*lanes*p.outStep + p.inPlace[i*lanes+ci]
			for l := range used {
				row[l] = w[at+l*p.outStep]
			}
		}
	}
}

// sums are panels of float64 in the order of outer's accumulator: sums[k*8+c].
type sums = [lanes * lanes]float64

// unpack writes the gradients of output block ob, adding up parts, which lie stride panels apart.
func (p *packing) unpack(dw []float32, parts []sums, groups, stride, ob int) {
	count := p.inBlocks()
	used := min(lanes, p.out-ob*lanes)
	for i := range count {
		total := parts[ob*count+i]
		for g := 1; g < groups; g++ {
			for j, v := range &parts[g*stride+ob*count+i] {
				total[j] += v
			}
		}
		for ci := range min(lanes, p.in-i*lanes) {
			at := ob*lanes*p.outStep + p.inPlace[i*lanes+ci]
			for l := range used {
				dw[at+l*p.outStep] = float32(total[l*lanes+ci])
			}
		}
	}
}

// flushPanel moves the sums of a run to total.
func flushPanel(total *sums, run *panel) {
	for i, v := range run {
		total[i] += float64(v)
	}
	*run = panel{}
}

// grid says how the pixels of a tensor are walked: the steps, in vecs, from image to image, block to block and pixel to pixel.
// On a 1x1 map the images of the batch are the pixels, so that loops are long.
type grid struct{ images, pixels, image, block, pixel int }

func newGrid(n, plane, blocks int) grid {
	if plane == 1 {
		return grid{images: 1, pixels: n, block: 1, pixel: blocks}
	}
	return grid{images: n, pixels: plane, image: blocks * plane, block: plane, pixel: 1}
}
