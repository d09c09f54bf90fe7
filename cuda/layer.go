//go:build cgo && linux

package cuda

import (
	"math"

	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// layer is a convolution with its batch norm and activation, alone or in an inverted residual, where its parameters have a prefix.
//
// In training a layer keeps z, what the convolution gave, and four rows of coefficients: scale = gamma*invstd, shift = beta -
// mean*scale, mean and invstd. y = relu6(z*scale + shift) is never stored inside a block: who reads z makes y of it on the way. The
// convolution takes the moments of z while it has it; likewise whatever makes a gradient adds up what the norm before it needs.
type layer struct {
	backend.ConvBNAct
	prefix string
	z      value
	norm   value // coefficients
}

// inputOf is what a layer reads: x itself, or z of the layer before and the coefficients to make x of it.
type inputOf struct{ x, norm value }

// named returns the operand of that name.
func (p *program) named(name string) value {
	for i, o := range p.operands {
		if o.Name == name {
			return p.operand(i)
		}
	}
	panic("cuda: no operand " + name) // a mistake in the caller
}

func (p *program) param(l layer, name string) value { return p.named(l.prefix + name) }
func (p *program) grad(l layer, name string) value  { return p.named("d." + l.prefix + name) }

// conv is the convolution of the layer.
func (l layer) conv() backend.Conv2D { return l.Conv(backend.Forward) }

// rows counts pixels of z.
func (l layer) rows() int { return pixels(l.conv()) }

// fits returns why a layer is left to be composed.
func (l layer) fits() string {
	o := l.conv()
	if reason := needMaps(o.In()); reason != "" {
		return reason
	}
	if reason := needInts(o); reason != "" {
		return reason
	}
	switch {
	case o.K%packOf(o.DType) != 0:
		return "channels are not in packs of 16 bytes"
	case isStem(o) && l.InputGrad:
		return "no kernel for the gradient of a picture"
	case isStem(o) || isPointwise(o) || isDepthwise(o):
		return ""
	}
	return "no fused kernel for this convolution"
}

// coefficients is the size of n rows of numbers, one for each channel.
func (l layer) coefficients(n int) int64 { return int64(n) * int64(l.K) * 4 }

// keepLayer reserves what a layer keeps in training.
func (p *program) keepLayer(l *layer) {
	l.z = p.keep(l.Out().Bytes())
	l.norm = p.keep(l.coefficients(4))
}

// parts reserves room for blocks' parts of two sums, or of moments, which are three numbers.
func (p *program) parts(l layer, numbers int) func(blocks int) value {
	return func(blocks int) value { return p.temp(int64(blocks) * l.coefficients(numbers)) }
}

// forward: z = conv(x), and the coefficients; moving statistics take a step.
func (p *program) forward(l layer, in inputOf) {
	o, w := l.conv(), p.param(l, "w")
	var partial value
	var parts int
	activated := ""
	if in.norm != (value{}) {
		activated = "_activated"
	}
	fused := func(name string) kernel { return kernel{file: kernels.FusedForward, name: name, dtype: o.DType} }
	switch {
	case isPointwise(o):
		parts = p.rows(o.DType, rowsProduct{file: kernels.FusedForward, name: "product" + activated, made: activated != "", a: in.x,
			factors: in.norm, b: w, y: l.z, rows: l.rows(), depth: o.C, columns: o.K,
			partial: func(n int) value { partial = p.parts(l, 3)(n); return partial }})
	case isDepthwise(o):
		v := depthwiseVector(o.C)
		shape, strip := p.depthwiseShape(o, v, true)
		parts = int(shape.Grid[0])
		partial = p.parts(l, 3)(parts)
		p.launch(fused(depthwise("depthwise"+activated, o, v).name), shape, in.x, orNull(in.norm), w, l.z, partial, mapSizes(o), i32(strip))
	default:
		shape := p.stemShape(o, sumBlocks)
		parts = int(shape.Grid[0])
		partial = p.parts(l, 3)(parts)
		p.launch(fused("first"), shape, in.x, w, l.z, partial, mapSizes(o), i32(o.Stride))
	}
	p.launch(fusedNorm("finish_forward", o.DType), p.perChannel(o.K), partial, p.param(l, "gamma"), p.param(l, "beta"), p.param(l, "runmean"),
		p.param(l, "runvar"), l.norm, f32(l.Eps), f32(l.Momentum), i64(l.rows()), i32(o.K), i32(parts))
}

func fusedNorm(name string, t backend.DType) kernel {
	return kernel{file: kernels.FusedNorm, name: name, dtype: t}
}

// perChannel is the shape of kernels that add up the parts of sums.
func (p *program) perChannel(channels int) nv.LaunchConfig {
	const lanes, rows = 32, 16
	return nv.LaunchConfig{Grid: [3]uint32{divUp(channels, lanes)}, Block: [3]uint32{lanes, rows}}
}

// normalise: y = act(z*scale + shift) + e, without e if it is not set.
func (p *program) normalise(l layer, e, y value) {
	n := int64(l.Out().Elements())
	low, high := l.clip()
	p.launch(fusedNorm("normalise", l.DType), p.each(n/int64(packOf(l.DType))), l.z, l.norm, orNull(e), y, low, high, i64(n), i32(l.K))
}

// clip is the range of the activation.
func (l layer) clip() (low, high f32) {
	if l.Act == backend.ReLU6 {
		return 0, 6
	}
	return f32(math.Inf(-1)), f32(math.Inf(1))
}

// prepare makes the coefficients of inference.
func (p *program) prepare(l layer) {
	p.launch(fusedNorm("finish_infer", l.DType), p.each(int64(l.K)), p.param(l, "gamma"), p.param(l, "beta"), p.param(l, "runmean"),
		p.param(l, "runvar"), l.norm, f32(l.Eps), i32(l.K))
}

// infer: y = act(conv(x)*scale + shift) + e, without e if it is not set.
func (p *program) infer(l layer, x, e, y value) {
	o, w := l.conv(), p.param(l, "w")
	low, high := l.clip()
	fused := func(name string) kernel { return kernel{file: kernels.FusedInfer, name: name, dtype: o.DType} }
	switch {
	case isPointwise(o):
		p.rows(o.DType, rowsProduct{file: kernels.FusedInfer, name: "product", a: x, b: w, y: y, e: e, parameters: l.norm,
			low: float32(low), high: float32(high), rows: l.rows(), depth: o.C, columns: o.K})
	case isDepthwise(o):
		v := depthwiseVector(o.C)
		shape, strip := p.depthwiseShape(o, v, false)
		p.launch(fused(depthwise("depthwise", o, v).name), shape, x, w, y, l.norm, low, high, mapSizes(o), i32(strip))
	default:
		p.launch(fused("first"), p.stemShape(o, waves), x, w, y, l.norm, low, high, mapSizes(o), i32(o.Stride))
	}
}
