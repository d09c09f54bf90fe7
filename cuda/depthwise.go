//go:build cgo && linux

package cuda

import (
	"encoding/binary"
	"fmt"

	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// Numbers that csrc/kernels/depthwise.cuh and stem.cuh also have.
const (
	stemChannels = 64 // the most
	stemRows     = 64 // pixels of a tile of the gradient
)

// What a launch aims at; to be tuned on a card.
const (
	depthwiseAim   = 256 // threads of a block, and the most
	depthwiseStrip = 16  // rows that a thread walks down
	sumBlocks      = 3   // blocks for each multiprocessor where each of them writes its sums
)

// isDepthwise reports whether depthwise.cuh takes o.
func isDepthwise(o backend.Conv2D) bool {
	return o.IsDepthwise() && o.R == 3 && o.S == 3 && o.Pad == 1 && o.Stride <= 2 && !o.Bias && o.C%2 == 0
}

// isStem reports whether stem.cuh takes o.
func isStem(o backend.Conv2D) bool {
	return o.C == 3 && o.Groups == 1 && o.R == 3 && o.S == 3 && o.Pad == 1 && !o.Bias && o.K%4 == 0 && o.K <= stemChannels
}

// depthwiseVector is how many channels a thread has.
func depthwiseVector(channels int) int {
	if channels%4 == 0 {
		return 4
	}
	return 2
}

// depthwiseShape returns a launch with vector channels for each thread, and the rows of its strips. More channels than one block has
// threads for are dealt out to grid.y blocks. sums says that every block
// writes sums in the end, which many blocks would make dear.
func (p *program) depthwiseShape(o backend.Conv2D, vector int, sums bool) (shape nv.LaunchConfig, strip int) {
	groups, parts := o.C/vector, 1
	for groups/parts > depthwiseAim || groups%parts != 0 {
		parts++
	}
	groups /= parts
	across := int(divUp(o.Q(), max(1, depthwiseAim/groups)))
	columns := int(divUp(o.Q(), across))
	strip = min(depthwiseStrip, o.P())
	pieces := func() int { return o.N * int(divUp(o.P(), strip)) * across }
	for strip > 4 && pieces()*parts < 2*p.device.gpu.Multiprocessors {
		strip = (strip + 1) / 2
	}
	most := waves
	if sums {
		most = sumBlocks
	}
	blocks := min(pieces(), max(1, most*p.device.gpu.Multiprocessors/parts))
	return nv.LaunchConfig{Grid: [3]uint32{uint32(blocks), uint32(parts)}, Block: [3]uint32{uint32(columns * groups)}}, strip
}

// depthwise names a kernel of depthwise.cu.
func depthwise(name string, o backend.Conv2D, vector int) kernel {
	return kernel{file: kernels.Depthwise, name: fmt.Sprintf("%s_s%d_%d", name, o.Stride, vector), dtype: o.DType}
}

func (p *program) depthwiseForward(o backend.Conv2D, x, w, y value) {
	v := depthwiseVector(o.C)
	shape, strip := p.depthwiseShape(o, v, false)
	p.launch(depthwise("depthwise", o, v), shape, x, w, y, mapSizes(o), i32(strip))
}

func (p *program) depthwiseGradInput(o backend.Conv2D, w, dy, dx value) {
	v := depthwiseVector(o.C)
	shape, strip := p.depthwiseShape(o, v, false)
	p.launch(depthwise("depthwise_grad_input", o, v), shape, w, dy, dx, mapSizes(o), i32(strip))
}

func (p *program) depthwiseGradWeight(o backend.Conv2D, x, dy, dw value) {
	v := depthwiseVector(o.C)
	shape, strip := p.depthwiseShape(o, v, true)
	blocks, n := int(shape.Grid[0]), o.Weight().Elements()
	partial := p.temp(int64(blocks) * int64(n) * 4)
	p.launch(depthwise("depthwise_grad_weight", o, v), shape, x, dy, partial, mapSizes(o), i32(strip))
	p.sumSlices(kernels.Depthwise, o.DType, partial, dw, blocks, n)
}

// stemShape is the launch of the first convolution, in all blocks at a time.
func (p *program) stemShape(o backend.Conv2D, most int) nv.LaunchConfig {
	groups := o.K / 4
	columns := max(1, depthwiseAim/groups)
	blocks := min(int(divUp(pixels(o), columns)), most*p.device.gpu.Multiprocessors)
	return nv.LaunchConfig{Grid: [3]uint32{uint32(blocks)}, Block: [3]uint32{uint32(columns * groups)}}
}

// stemGradShape is that of its gradient.
func (p *program) stemGradShape(o backend.Conv2D) nv.LaunchConfig {
	blocks := min(divUp(pixels(o), stemRows), uint32(sumBlocks*p.device.gpu.Multiprocessors))
	return nv.LaunchConfig{Grid: [3]uint32{blocks}, Block: [3]uint32{productThreads}}
}

func (p *program) stemForward(o backend.Conv2D, x, w, y value) {
	p.launch(kernel{file: kernels.Stem, name: "stem", dtype: o.DType}, p.stemShape(o, waves), x, w, y, mapSizes(o), i32(o.Stride))
}

func (p *program) stemGradWeight(o backend.Conv2D, x, dy, dw value) {
	shape := p.stemGradShape(o)
	blocks, n := int(shape.Grid[0]), o.Weight().Elements()
	partial := p.temp(int64(blocks) * int64(n) * 4)
	p.launch(kernel{file: kernels.Stem, name: "stem_grad_weight", dtype: o.DType}, shape, x, dy, partial, mapSizes(o), i32(o.Stride))
	p.sumSlices(kernels.Stem, o.DType, partial, dw, blocks, n)
}

// mapSizes is o as struct map of depthwise.cuh; its channels are those of the output.
func mapSizes(o backend.Conv2D) raw {
	var b raw
	for _, n := range []int{o.N, o.H, o.W, o.K, o.P(), o.Q()} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return b
}
