//go:build cgo && linux

package cuda

import (
	"encoding/binary"

	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// conv2D writes a convolution with the engine that the device has chosen for it.
func (p *program) conv2D(o backend.Conv2D) string {
	if reason := needMaps(o.In()); reason != "" {
		return reason
	}
	if reason := needInts(o); reason != "" {
		return reason
	}
	e, err := p.device.engineOf(o)
	if err != nil {
		p.err = err
		return ""
	}
	p.convolve(o, e)
	return ""
}

// convolve writes a convolution by an engine.
func (p *program) convolve(o backend.Conv2D, e engine) {
	first, second, result := p.operand(0), p.operand(1), p.operand(2)
	switch {
	case e.plan != nil:
		p.convolveDNN(o, e.plan, first, second, result)
	case o.Pass == backend.GradInput:
		p.convGradInput(o, first, second, result)
	case o.Pass == backend.GradWeight:
		p.convGradWeight(o, first, second, result)
	case o.Bias:
		p.convForward(o, first, second, p.operand(2), p.operand(3))
	default:
		p.convForward(o, first, second, null(), result)
	}
	if o.Bias && o.Pass == backend.GradWeight {
		p.convGradBias(o, second, p.operand(3))
	}
}

// convForward writes it with the fastest kernels of our own that take its shape.
func (p *program) convForward(o backend.Conv2D, x, w, bias, y value) {
	switch {
	case isPointwise(o):
		p.rows(o.DType, rowsProduct{name: "pointwise", a: x, b: w, y: y, parameters: bias, rows: pixels(o), depth: o.C, columns: o.K})
	case isDepthwise(o):
		p.depthwiseForward(o, x, w, y)
	case isStem(o):
		p.stemForward(o, x, w, y)
	default:
		p.launch(convDirect("conv_forward", o.DType), p.each(int64(o.Out().Elements())), x, w, bias, y, sizes(o))
	}
}

func (p *program) convGradInput(o backend.Conv2D, w, dy, dx value) {
	switch {
	case isPointwise(o):
		p.rows(o.DType, rowsProduct{name: "pointwise_grad_input", transposed: true, a: dy, b: w, y: dx, rows: pixels(o), depth: o.K, columns: o.C})
	case isDepthwise(o):
		p.depthwiseGradInput(o, w, dy, dx)
	default:
		p.launch(convDirect("conv_grad_input", o.DType), p.each(int64(o.In().Elements())), w, dy, dx, sizes(o))
	}
}

func (p *program) convGradWeight(o backend.Conv2D, x, dy, dw value) {
	switch {
	case isPointwise(o):
		p.columns(o.DType, columnsProduct{name: "pointwise_grad_weight", a: dy, b: x, out: dw, rows: pixels(o), m: o.K, n: o.C})
	case isDepthwise(o):
		p.depthwiseGradWeight(o, x, dy, dw)
	case isStem(o):
		p.stemGradWeight(o, x, dy, dw)
	default:
		const warp = 32
		blocks := min(o.Weight().Elements(), waves*warp*p.device.gpu.Multiprocessors)
		shape := nv.LaunchConfig{Grid: [3]uint32{uint32(blocks)}, Block: [3]uint32{warp}}
		p.launch(convDirect("conv_grad_weight", o.DType), shape, x, dy, dw, sizes(o))
	}
}

// convGradBias: db = the sum of dy over pixels.
func (p *program) convGradBias(o backend.Conv2D, dy, db value) {
	const lanes, rows = 32, 8
	shape := nv.LaunchConfig{Grid: [3]uint32{divUp(o.K, lanes)}, Block: [3]uint32{lanes, rows}}
	p.launch(convDirect("conv_grad_bias", o.DType), shape, dy, db, i32(pixels(o)), i32(o.K))
}

// needInts returns why sizes are refused: kernels count pixels and channels with int.
func needInts(o backend.Conv2D) string {
	const most = 1 << 31
	for _, n := range []int{o.N * o.H * o.W, o.N * o.P() * o.Q(), o.C * o.R * o.S, o.K, o.H + 2*o.Pad, o.W + 2*o.Pad} {
		if n >= most {
			return "more than 2147483647 pixels or channels"
		}
	}
	return ""
}

// pixels counts those of the output, over the batch.
func pixels(o backend.Conv2D) int { return o.N * o.P() * o.Q() }

func divUp(n, d int) uint32 { return uint32((n + d - 1) / d) }

// convDirect names a kernel of conv_direct.cu.
func convDirect(name string, t backend.DType) kernel {
	return kernel{file: kernels.ConvDirect, name: name, dtype: t}
}

// sizes is o as struct conv of conv_direct.cu.
func sizes(o backend.Conv2D) raw {
	var b raw
	for _, n := range []int{o.N, o.H, o.W, o.C, o.K, o.R, o.S, o.Stride, o.Pad, o.Groups, o.P(), o.Q()} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return b
}
