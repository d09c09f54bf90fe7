//go:build cgo && linux

package ascend

import (
	"mnv2/backend"
	"mnv2/csrc/acl"
)

// blend: y = A*x + B*y. With B = 0 what y held does not matter.
func (p *program) blend(o backend.Add) string {
	x, y := p.flat(0), p.flat(1)
	switch {
	case o.B == 0:
		p.scale(x, float64(o.A), y)
	case o.B == 1:
		p.addIn(y, x, float64(o.A))
	default: // in float32, so that there is one rounding
		t := p.temp(acl.Float, y.elements())
		p.scale(p.float(y), float64(o.B), t)
		p.add(t, x, float64(o.A), y)
	}
	return ""
}

// dropout: y = x*mask/(1-Rate), the product in float32.
func (p *program) dropout(o backend.Dropout) string {
	x, mask, y := p.flat(0), p.flat(1), p.flat(2)
	if x.DType == acl.Float {
		p.scaledProduct(x, mask, 1/(1-float64(o.Rate)), y)
		return ""
	}
	t := p.temp(x.DType, x.elements())
	p.mul(x, mask, t)
	p.scale(t, 1/(1-float64(o.Rate)), y)
	return ""
}

// dropPath is dropout of whole images.
func (p *program) dropPath(o backend.DropPath) string {
	d := o.In()
	x, mask, y := p.flat(0).with(d.N, d.Elements()/d.N), p.flat(1).with(d.N, 1), p.flat(2).with(d.N, d.Elements()/d.N)
	if x.DType == acl.Float {
		p.scaledProduct(x, mask, 1/(1-float64(o.Rate)), y)
		return ""
	}
	t := p.tempLike(x)
	p.mul(x, mask, t)
	p.scale(t, 1/(1-float64(o.Rate)), y)
	return ""
}

// fill zeroes and adds: the vendor's own fill has been seen to crash on 910A.
func (p *program) fill(o backend.Fill) string {
	y := p.flat(0)
	p.call(acl.Spec{Op: acl.InplaceZero}, []value{y}, nil)
	if o.Value != 0 {
		p.shiftIn(y, float64(o.Value))
	}
	return ""
}

// pool takes means; its gradient is a product with a plane of 1/(H*W), which always gives the same bits.
func (p *program) pool(o backend.GlobalAvgPool) string {
	if reason := p.needMaps(o.In()); reason != "" {
		return reason
	}
	if o.Pass != backend.Backward {
		p.mean(p.operand(0), p.operand(1))
		return ""
	}
	share := make([]float32, o.H*o.W)
	for i := range share {
		share[i] = 1 / float32(o.H*o.W)
	}
	p.mul(p.operand(0), p.constant(share...).with(1, 1, o.H, o.W), p.operand(1))
	return ""
}

// mean: y = means of the maps of x.
func (p *program) mean(x, y value) {
	p.call(acl.Spec{Op: acl.Mean, Arrays: [][]int64{{2, 3}}, Flags: []bool{true}, Integers: []int64{int64(y.DType)}}, []value{x}, []value{y})
}

// convert changes layout, type, and normalises in float32, in one call where the vendor can: operators read views in any order.
func (p *program) convert(o backend.Convert) string {
	x, y := p.operand(0), p.operand(1)
	if o.From.Layout == backend.NCHW8c || o.To.Layout == backend.NCHW8c {
		return "there are no channel blocks on NPUs"
	}
	if o.From.DType == backend.BF16 && !p.device.chip.bf16 || o.To.DType == backend.BF16 && !p.device.chip.bf16 {
		return p.device.soc + " has no bf16"
	}
	moved := o.From.Layout != o.To.Layout && o.From.C > 1 && o.From.H*o.From.W > 1
	if !moved { // in memory, both have the same order
		x, y = p.inOrder(x, o.To), p.inOrder(y, o.To)
	} else {
		x, y = p.reordered(x, o.To), p.inOrder(y, o.To)
	}
	switch {
	case o.Normalize:
		p.normalize(o, x, y)
	case x.DType != y.DType:
		p.cast(x, y)
	case moved:
		p.permute(o)
	default:
		p.copy(x, y)
	}
	return ""
}

// inOrder returns v as four dimensions in the order in which d has them in memory.
func (p *program) inOrder(v value, d backend.Desc) value {
	if d.Layout == backend.NHWC {
		return v.with(d.N, d.H, d.W, d.C)
	}
	return v.with(d.N, d.C, d.H, d.W)
}

// reordered returns v, which lies in the other layout, as if it had that of d, without moving anything: operators that look at
// elements alone read it as it is.
func (p *program) reordered(v value, d backend.Desc) value {
	v = p.inOrder(v, d)
	n, h, w, c := int64(d.H*d.W*d.C), int64(d.W*d.C), int64(d.C), int64(1) // strides in pixel order
	if d.Layout == backend.NHWC {
		h, w, c = int64(d.W), 1, int64(d.H*d.W)
		v.Strides = [acl.MaxRank]int64{n, h, w, c}
		return v
	}
	v.Strides = [acl.MaxRank]int64{n, c, h, w}
	return v
}

// permute only moves.
func (p *program) permute(o backend.Convert) {
	x, y := p.operand(0), p.operand(1)
	x.Format, y.Format = acl.ND, acl.ND
	order := []int64{0, 3, 1, 2} // N H W C to N C H W
	if o.To.Layout == backend.NHWC {
		order = []int64{0, 2, 3, 1}
	}
	p.call(acl.Spec{Op: acl.Permute, Arrays: [][]int64{order}}, []value{x}, []value{y})
}

// normalize: y = x*(1/Std[c]) - Mean[c]/Std[c].
func (p *program) normalize(o backend.Convert, x, y value) {
	var scale, shift []float32
	for c := range o.From.C {
		scale = append(scale, 1/o.Std[c])
		shift = append(shift, -(o.Mean[c] / o.Std[c]))
	}
	a, b := p.constant(scale...), p.constant(shift...)
	perChannel := []int{1, o.To.C, 1, 1}
	if o.To.Layout == backend.NHWC {
		perChannel = []int{1, 1, 1, o.To.C}
	}
	if p.device.chip.addcmul && y.DType == acl.Float {
		p.call(acl.Spec{Op: acl.Addcmul, Scalars: []float64{1}}, []value{b.with(perChannel...), x, a.with(perChannel...)}, []value{y})
		return
	}
	t := p.tempLike(y.as(acl.Float))
	p.mul(x, a.with(perChannel...), t)
	p.add(t, b.with(perChannel...), 1, y)
}

// reduce makes one number.
func (p *program) reduce(o backend.Reduce) string {
	x, y := p.flat(0), p.operand(1).with(1)
	switch o.Kind {
	case backend.Sum:
		p.sum(p.float(x), true, y, 0)
	case backend.SumSquares:
		x = p.float(x)
		t := p.temp(acl.Float, x.elements())
		p.mul(x, x, t)
		p.sum(t, true, y, 0)
	case backend.AllFinite:
		p.allFinite(x, y)
	}
	return ""
}

// allFinite: y = 1 if no element is NaN or infinite, and, where overflow saturates instead, the register tells of none.
func (p *program) allFinite(x, y value) {
	finite, all := p.temp(acl.Bool, x.elements()), p.temp(acl.Bool, 1)
	p.call(acl.Spec{Op: acl.IsFinite}, []value{x}, []value{finite})
	p.call(acl.Spec{Op: acl.All, Arrays: [][]int64{{0}}, Flags: []bool{true}}, []value{finite}, []value{all})
	p.cast(all, y)
	if !p.device.chip.infNaN {
		p.readRegister(y)
		p.clipIn(y, 0, 1)
	}
}

// readRegister: y = y - (something that is 1 or more) if anything has overflowed since the register was last read.
func (p *program) readRegister(y value) {
	status := p.temp(acl.Int32, 16)
	p.status = &status
	f, s := p.temp(acl.Float, 16), p.temp(acl.Float, 1)
	p.cast(status, f)
	p.mulIn(f, f)
	p.sum(f, true, s, 0)
	p.addIn(y, s, -1)
}
