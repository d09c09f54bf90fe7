//go:build cgo && linux

package ascend

import (
	"mnv2/backend"
	"mnv2/csrc/acl"
)

// conv2D is a convolution, or a product of matrices where it is a dense layer.
func (p *program) conv2D(o backend.Conv2D) string {
	if reason := p.needMaps(o.In()); reason != "" {
		return reason
	}
	if reason := p.needProducts(o.DType); reason != "" {
		return reason
	}
	if o.Pass == backend.GradWeight && o.Bias && o.DType == backend.F32 {
		p.convGradWeight(o) // filter and bias in one; in half precision the bias is better summed in float32
		return ""
	}
	if o.H == 1 && o.W == 1 && o.R == 1 && o.S == 1 && o.Groups == 1 && o.Pad == 0 {
		p.dense(o)
		return ""
	}
	switch o.Pass {
	case backend.GradInput:
		w, dy, dx := p.operand(0), p.operand(1), p.operand(2)
		x := dx // only its shape is looked at
		p.convBackward(o, dy, x, w, dx, none, none)
	case backend.GradWeight:
		p.convGradWeight(o)
	default:
		p.convForward(o)
	}
	return ""
}

// needProducts returns why products of matrices of this type are refused.
func (p *program) needProducts(t backend.DType) string {
	if t == backend.F32 && !p.device.chip.fp32Cube && !p.device.options.AllowDown {
		return "the matrix units of " + p.device.soc + " have no float32: use --amp_level O3 (validate, predict: --val_amp_level O3), which computes in float16"
	}
	return ""
}

// cubeMath says how products of type t treat their operands.
func (p *program) cubeMath(t acl.DType) int {
	if t == acl.Float && p.device.options.AllowDown {
		return acl.AllowDown
	}
	return acl.KeepType
}

func (p *program) convForward(o backend.Conv2D) {
	x, w := p.operand(0), p.operand(1)
	if !o.Bias {
		p.conv(o, x, w, none, p.operand(2))
		return
	}
	b, y := p.operand(2), p.operand(3)
	if b.DType != w.DType && p.device.chip.fp32Cube { // in float32, so that neither bias nor sum is rounded twice
		sum := p.tempLike(y)
		sum.DType, sum.off = acl.Float, p.work
		p.work += slots(int64(sum.elements()) * 4)
		p.conv(o, p.float(x), p.float(w), b, sum)
		p.cast(sum, y)
		return
	}
	if b.DType != w.DType { // the bias has the filter's type
		t := p.temp(w.DType, o.K)
		p.cast(b, t)
		b = t
	}
	p.conv(o, x, w, b, y)
}

// conv: y = x convolved with w, plus b.
func (p *program) conv(o backend.Conv2D, x, w, b, y value) {
	p.call(acl.Spec{Op: acl.Convolution, Arrays: geometry(o, []int64{0, 0}), Integers: []int64{int64(o.Groups)},
		CubeMath: p.cubeMath(x.DType)}, []value{x, w, b}, []value{y})
}

// geometry returns stride, padding and dilation, and one array more.
func geometry(o backend.Conv2D, more []int64) [][]int64 {
	s, pad := int64(o.Stride), int64(o.Pad)
	return [][]int64{{s, s}, {pad, pad}, {1, 1}, more}
}

// convBackward computes the gradients that are given a place.
func (p *program) convBackward(o backend.Conv2D, dy, x, w, dx, dw, db value) {
	has := func(v value) bool { return v.Rank >= 0 }
	p.call(acl.Spec{Op: acl.ConvolutionBackward, Arrays: geometry(o, []int64{int64(o.K)}), Integers: []int64{int64(o.Groups)},
		Mask: []bool{has(dx), has(dw), has(db)}, CubeMath: p.cubeMath(dy.DType)}, []value{dy, x, w}, []value{dx, dw, db})
}

// convGradWeight gives dw, and db, in float32. The vendor gives them in the type of the activations.
func (p *program) convGradWeight(o backend.Conv2D) {
	x, dy, dw, db := p.operand(0), p.operand(1), p.operand(2), none
	if o.Bias {
		db = p.operand(3)
	}
	w := dw // only its shape is looked at
	w.DType = x.DType
	dw1, db1 := p.inType(dw, x.DType), p.inType(db, x.DType)
	p.convBackward(o, dy, x, w.at(dw1), none, dw1, db1)
	p.castBack(dw1, dw)
	p.castBack(db1, db)
}

// at returns v in the place of w.
func (v value) at(w value) value {
	v.place, v.index, v.off = w.place, w.index, w.off
	return v
}

// inType returns v if it is of type t or left out, and scratch of that type otherwise.
func (p *program) inType(v value, t acl.DType) value {
	if v.Rank < 0 || v.DType == t {
		return v
	}
	dims := make([]int, v.Rank)
	for i := range dims {
		dims[i] = int(v.Dims[i])
	}
	s := p.temp(t, dims...)
	s.Format = v.Format
	return s
}

// castBack: y = x, unless they are the same.
func (p *program) castBack(x, y value) {
	if x != y {
		p.cast(x, y)
	}
}

// dense is a convolution of 1x1 maps: y = x*w' + b.
func (p *program) dense(o backend.Conv2D) {
	switch o.Pass {
	case backend.GradInput: // dx [N,C] = dy [N,K] * w [K,C]
		p.product(p.matrix(1), p.operand(0).with(o.K, o.C), p.matrix(2))
	case backend.GradWeight: // dw [K,C] = dy' [K,N] * x [N,C]
		x, dy, dw := p.matrix(0), p.matrix(1), p.operand(2).with(o.K, o.C)
		t := p.inType(dw, x.DType)
		p.product(dy.transposed(), x, t)
		p.castBack(t, dw)
		if o.Bias {
			p.sum(dy, false, p.operand(3), 0)
		}
	default:
		p.denseForward(o)
	}
}

func (p *program) denseForward(o backend.Conv2D) {
	x, w := p.matrix(0), p.operand(1).with(o.K, o.C)
	if !o.Bias {
		p.product(x, w.transposed(), p.matrix(2))
		return
	}
	p.affine(x, w, p.operand(2), p.matrix(3))
}

// affine: y = x*w' + b.
func (p *program) affine(x, w, b, y value) {
	addmm := func(x, w, y value) {
		p.call(acl.Spec{Op: acl.Addmm, Scalars: []float64{1, 1}, CubeMath: p.cubeMath(x.DType)}, []value{b, x, w.transposed()}, []value{y})
	}
	switch {
	case p.device.chip.firmAddmm && x.DType == acl.Float:
		addmm(x, w, y)
	case p.device.chip.fp32Cube && x.DType != acl.Float: // in float32, so that the sum is rounded once
		t := p.tempLike(y.as(acl.Float))
		addmm(p.float(x), p.float(w), t)
		p.cast(t, y)
	default:
		t := p.tempLike(y)
		p.product(x, w.transposed(), t)
		p.add(t, b, 1, y)
	}
}

// product: y = a*b, matrices.
func (p *program) product(a, b, y value) {
	p.call(acl.Spec{Op: acl.Mm, CubeMath: p.cubeMath(a.DType)}, []value{a, b}, []value{y})
}
