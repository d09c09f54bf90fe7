//go:build cgo && linux

package cuda

import (
	"fmt"

	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// gradient is that of a layer's z, not yet made: it is factors times dn, the gradient of the norm's output, and z. gated says that dn
// is still the gradient behind the activation.
type gradient struct {
	dn, factors value
	gated       bool
}

// prefix of the kernels that take it.
func (g gradient) gate() string {
	if g.gated {
		return "_gated"
	}
	return ""
}

func (p *program) fusedBackward(l layer, format string, args ...any) kernel {
	return kernel{file: kernels.FusedBackward, name: fmt.Sprintf(format, args...), dtype: l.DType}
}

// gradientOf begins with the gradient of the layer's output, which nobody has added up yet.
func (p *program) gradientOf(l layer, dy value, gated bool) gradient {
	all := p.pixels(l.Out(), 8, sumBlocks)
	gate := i32(0)
	if gated {
		gate = 1
	}
	partial := p.parts(l, 2)(all.slices())
	p.launch(fusedNorm("gradient_sums", l.DType), all.shape, dy, l.z, l.norm, partial, gate, i64(all.rows), i32(l.K))
	return p.finishBackward(l, gradient{dn: dy, gated: gated}, partial, all.slices())
}

// finishBackward gives dgamma, dbeta and the factors.
func (p *program) finishBackward(l layer, g gradient, partial value, parts int) gradient {
	g.factors = p.temp(l.coefficients(5))
	p.launch(fusedNorm("finish_backward", l.DType), p.perChannel(l.K), partial, l.norm, p.grad(l, "gamma"), p.grad(l, "beta"), g.factors,
		i64(l.rows()), i32(l.K), i32(parts))
	return g
}

// productGradWeight: dw of a 1x1 convolution of in.
func (p *program) productGradWeight(l layer, g gradient, in inputOf) {
	name := "product" + g.gate() + "_grad_weight"
	if in.norm != (value{}) {
		name = "product_activated_grad_weight"
	}
	o := l.conv()
	p.columns(o.DType, columnsProduct{file: kernels.FusedBackward, name: name, madeA: true, madeB: in.norm != (value{}), a: g.dn, z: l.z,
		factors: g.factors, b: in.x, bFactors: in.norm, out: p.grad(l, "w"), rows: l.rows(), m: o.K, n: o.C})
}

// productGradInput: dx of a 1x1 convolution, plus e if that is set.
func (p *program) productGradInput(l layer, g gradient, e, dx value) {
	o := l.conv()
	p.rows(o.DType, rowsProduct{file: kernels.FusedBackward, name: "product" + g.gate() + "_grad_input", transposed: true, made: true, a: g.dn,
		z: l.z, factors: g.factors, b: p.param(l, "w"), y: dx, e: e, rows: l.rows(), depth: o.K, columns: o.C})
}

// Limits of both.cuh.
const (
	bothColumns = 32  // channels of x
	bothWide    = 192 // channels of z
)

// productBoth: dx, plus e if that is set, and dw of a 1x1 convolution of x, in one pass over z and its gradient. It reports false where
// there is no kernel for that.
func (p *program) productBoth(l layer, g gradient, x, e, dx value) bool {
	o := l.conv()
	if o.DType == backend.F32 || g.gated || o.C > bothColumns || o.K > bothWide {
		return false
	}
	step := stepBytes / int(o.DType.Size())
	turns := 4
	if o.K > turns*step {
		turns = 6
	}
	row := func(columns int) int { return columns*int(o.DType.Size()) + packBytes }
	shared := 2*tileRows*row(step) + turns*step*row(bothColumns) + 2*tileRows*row(bothColumns) + productThreads/32*areaBytes
	blocks := min(divUp(l.rows(), tileRows), uint32(p.device.gpu.Multiprocessors))
	n := o.Weight().Elements()
	parts := p.temp(int64(blocks) * int64(n) * 4)
	shape := nv.LaunchConfig{Grid: [3]uint32{blocks}, Block: [3]uint32{productThreads}, Shared: uint32(shared)}
	p.launch(p.fusedBackward(l, "product_both_%d", turns), shape, g.dn, l.z, g.factors, p.param(l, "w"), x, dx, orNull(e), parts,
		i32(l.rows()), i32(o.K), i32(o.C))
	p.sumSlices(kernels.FusedBackward, o.DType, parts, p.grad(l, "w"), int(blocks), n)
	return true
}

// productMaskedGradInput is the gradient of the norm of the layer before, whose relu6(bn(z)) the 1x1 convolution read.
func (p *program) productMaskedGradInput(l, before layer, g gradient) gradient {
	o := l.conv()
	dn := p.temp(before.Out().Bytes())
	var partial value
	parts := p.rows(o.DType, rowsProduct{file: kernels.FusedBackward, name: "product_masked_grad_input", transposed: true, made: true, a: g.dn,
		z: l.z, factors: g.factors, b: p.param(l, "w"), y: dn, e: before.z, parameters: before.norm, rows: l.rows(), depth: o.K, columns: o.C,
		widest: 64, partial: func(n int) value { partial = p.parts(before, 2)(n); return partial }})
	return p.finishBackward(before, gradient{dn: dn}, partial, parts)
}

// depthwiseGrads: dw and dx, plus e if that is set, of a depthwise convolution of x.
func (p *program) depthwiseGrads(l layer, g gradient, x, e, dx value) {
	p.depthwiseLaunch(l, g, "depthwise"+g.gate()+"_grad", inputOf{x: x}, dx, e, func(int) value { return null() })
}

// depthwiseMaskedGrads: dw of a depthwise convolution, and the gradient of the norm of the layer before, whose relu6(bn(z)) it read.
func (p *program) depthwiseMaskedGrads(l, before layer, g gradient) gradient {
	dn := p.temp(before.Out().Bytes())
	var partial value
	parts := p.depthwiseLaunch(l, g, "depthwise_masked_grad", inputOf{before.z, before.norm}, dn, value{},
		func(n int) value { partial = p.parts(before, 2)(n); return partial })
	return p.finishBackward(before, gradient{dn: dn}, partial, parts)
}

func (p *program) depthwiseLaunch(l layer, g gradient, name string, in inputOf, dx, e value, partial func(int) value) (parts int) {
	const vector = 2 // channels of a thread
	o := l.conv()
	shape, strip := p.depthwiseShape(o, vector, true)
	parts = int(shape.Grid[0])
	n := o.Weight().Elements()
	dw := p.temp(int64(parts) * int64(n) * 4)
	p.launch(p.fusedBackward(l, "%s_s%d", name, o.Stride), shape, g.dn, l.z, g.factors, in.x, orNull(in.norm), p.param(l, "w"), dx, orNull(e),
		partial(parts), dw, mapSizes(o), i32(strip))
	p.sumSlices(kernels.FusedBackward, o.DType, dw, p.grad(l, "w"), parts, n)
	return parts
}

// firstGradWeight: dw of the convolution of a picture.
func (p *program) firstGradWeight(l layer, g gradient, x value) {
	o := l.conv()
	shape := p.stemGradShape(o)
	parts, n := int(shape.Grid[0]), o.Weight().Elements()
	dw := p.temp(int64(parts) * int64(n) * 4)
	p.launch(p.fusedBackward(l, "first%s_grad_weight", g.gate()), shape, g.dn, l.z, g.factors, x, dw, mapSizes(o), i32(o.Stride))
	p.sumSlices(kernels.FusedBackward, o.DType, dw, p.grad(l, "w"), parts, n)
}
