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
		p.call(acl.Spec{Op: acl.Mean, Arrays: [][]int64{{2, 3}}, Flags: []bool{true}, Integers: []int64{int64(dtypes[o.DType])}},
			[]value{p.operand(0)}, []value{p.operand(1)})
		return ""
	}
	share := make([]float32, o.H*o.W)
	for i := range share {
		share[i] = 1 / float32(o.H*o.W)
	}
	p.mul(p.operand(0), p.constant(share...).with(1, 1, o.H, o.W), p.operand(1))
	return ""
}

// convert changes layout, then type, and normalises in float32.
func (p *program) convert(o backend.Convert) string {
	x, y := p.operand(0), p.operand(1)
	if o.From.Layout == backend.NCHW8c || o.To.Layout == backend.NCHW8c {
		return "there are no channel blocks on NPUs"
	}
	if o.From.DType == backend.BF16 && !p.device.chip.bf16 || o.To.DType == backend.BF16 && !p.device.chip.bf16 {
		return p.device.soc + " has no bf16"
	}
	moved := o.From.Layout != o.To.Layout && o.From.C > 1 && o.From.H*o.From.W > 1
	if moved {
		to := y
		if x.DType != y.DType || o.Normalize {
			to = p.temp(x.DType, int(y.Dims[0]), int(y.Dims[1]), int(y.Dims[2]), int(y.Dims[3]))
		}
		x.Format, to.Format = acl.ND, acl.ND
		order := []int64{0, 3, 1, 2} // N H W C to N C H W
		if o.To.Layout == backend.NHWC {
			order = []int64{0, 2, 3, 1}
		}
		p.call(acl.Spec{Op: acl.Permute, Arrays: [][]int64{order}}, []value{x}, []value{to})
		x = to
	}
	switch {
	case o.Normalize:
		p.normalize(o, x, y)
	case x.DType != y.DType:
		p.cast(x.with(x.elements()), y.with(y.elements()))
	case !moved:
		p.copy(x.with(x.elements()), y.with(y.elements()))
	}
	return ""
}

// normalize: y = x*(1/Std[c]) - Mean[c]/Std[c].
func (p *program) normalize(o backend.Convert, x, y value) {
	var scale, shift []float32
	for c := range o.From.C {
		scale = append(scale, 1/o.Std[c])
		shift = append(shift, -(o.Mean[c] / o.Std[c]))
	}
	a, b := p.constant(scale...), p.constant(shift...)
	d := o.To
	dims, perChannel := []int{d.N, d.C, d.H, d.W}, []int{1, d.C, 1, 1}
	if d.Layout == backend.NHWC {
		dims, perChannel = []int{d.N, d.H, d.W, d.C}, []int{1, 1, 1, d.C}
	}
	x, y = x.with(dims...), y.with(dims...)
	if p.device.chip.addcmul && y.DType == acl.Float {
		p.call(acl.Spec{Op: acl.Addcmul, Scalars: []float64{1}}, []value{b.with(perChannel...), x, a.with(perChannel...)}, []value{y})
		return
	}
	t := p.temp(acl.Float, dims...)
	p.mul(x, a.with(perChannel...), t)
	p.add(t, b.with(perChannel...), 1, y)
}

// reduce makes one number. Whether all are finite is found by adding -1 for each that is not.
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
	finite, count := p.temp(acl.Bool, x.elements()), p.temp(acl.Float, x.elements())
	p.call(acl.Spec{Op: acl.IsFinite}, []value{x}, []value{finite})
	p.cast(finite, count)
	p.shiftIn(count, -1) // 0 or -1
	p.sum(count, true, y, 0)
	if !p.device.chip.infNaN {
		p.readRegister(y)
	}
	p.shiftIn(y, 1)
	p.clipIn(y, 0, 1)
}

// readRegister: y = y - (something positive) if anything has overflowed since the register was last read.
func (p *program) readRegister(y value) {
	status := p.temp(acl.Int32, 16)
	p.status = &status
	f, s := p.temp(acl.Float, 16), p.temp(acl.Float, 1)
	p.cast(status, f)
	p.mulIn(f, f)
	p.sum(f, true, s, 0)
	p.addIn(y, s, -1)
}
