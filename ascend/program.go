//go:build cgo && linux

package ascend

import (
	"mnv2/backend"
	"mnv2/csrc/acl"
)

// program is a list of operator calls that computes one operation.
type program struct {
	device   *Device
	operands []backend.Operand
	specs    []acl.Spec
	refs     []value // of all tensors that are there, call after call
	work     int64   // bytes of scratch values
	saved    int64   // bytes kept from the first plan of a pair to the second
	status   *value  // where the overflow register is read to before anything else, or nil
	inPlace  bool    // the first output lies on the input that its operand names
	err      error   // the first failure while the list was made
}

// slot is the boundary, in bytes, on which values of a program begin, and spare what may be touched after their end: vector
// kernels work on whole lines of 32 bytes.
const (
	slot  = 512
	spare = 32
)

// operand returns operand i: activations and filters as images, vectors and matrices flat.
func (p *program) operand(i int) value {
	d := p.operands[i].Desc
	v := value{place: inOperand, index: i, Tensor: acl.Tensor{DType: dtypes[d.DType]}}
	switch {
	case d.N == 1 && d.H == 1 && d.W == 1 && !p.isMap(i):
		return v.with(d.C)
	case d.Layout == backend.NCHW:
		return v.image(d)
	}
	v.Tensor = describe(v.DType, acl.ND, d.N, d.H, d.W, d.C)
	return v
}

// isMap reports whether operand i has four dimensions even if only one of them is not 1.
func (p *program) isMap(i int) bool {
	switch p.operands[i].Name {
	case "x", "y", "dx", "dy", "w", "dw", "logits", "dlogits":
		return true
	}
	return false
}

// flat returns operand i as one row of numbers.
func (p *program) flat(i int) value { return p.operand(i).with(p.operands[i].Desc.Elements()) }

// matrix returns operand i, whose height and width are 1, as N rows.
func (p *program) matrix(i int) value {
	d := p.operands[i].Desc
	return p.operand(i).with(d.N, d.C*d.H*d.W)
}

// temp reserves scratch.
func (p *program) temp(t acl.DType, dims ...int) value {
	v := value{place: inWork, off: p.work, Tensor: describe(t, acl.ND, dims...)}
	p.work += slots(int64(v.elements()) * size(t))
	return v
}

// keep reserves memory that lives from the first plan of a pair to the second.
func (p *program) keep(t acl.DType, dims ...int) value {
	v := value{place: inSaved, off: p.saved, Tensor: describe(t, acl.ND, dims...)}
	p.saved += slots(int64(v.elements()) * size(t))
	return v
}

func slots(n int64) int64 { return (n + spare + slot - 1) / slot * slot }

// constant returns a vector of float32 that lies on the device as long as it is open.
func (p *program) constant(numbers ...float32) value {
	a, err := p.device.constant(numbers)
	if err != nil && p.err == nil {
		p.err = err
	}
	return value{place: inDevice, off: int64(a), Tensor: describe(acl.Float, acl.ND, len(numbers))}
}

// call appends a call of an operator.
func (p *program) call(s acl.Spec, in, out []value) {
	for _, v := range in {
		s.Inputs = append(s.Inputs, v.Tensor)
	}
	for _, v := range out {
		s.Outputs = append(s.Outputs, v.Tensor)
	}
	for _, v := range append(append([]value(nil), in...), out...) {
		if v.Rank >= 0 {
			p.refs = append(p.refs, v)
		}
	}
	p.specs = append(p.specs, s)
}

// The calls below say what they compute; "=" assigns to the last argument.

// scale: y = a*x.
func (p *program) scale(x value, a float64, y value) {
	p.call(acl.Spec{Op: acl.Muls, Scalars: []float64{a}}, []value{x}, []value{y})
}

// shiftIn: x = x + a.
func (p *program) shiftIn(x value, a float64) {
	p.call(acl.Spec{Op: acl.InplaceAdds, Scalars: []float64{a, 1}}, []value{x}, nil)
}

// add: y = a + alpha*b, broadcast.
func (p *program) add(a, b value, alpha float64, y value) {
	p.call(acl.Spec{Op: acl.Add, Scalars: []float64{alpha}}, []value{a, b}, []value{y})
}

// addIn: x = x + alpha*b, b broadcast.
func (p *program) addIn(x, b value, alpha float64) {
	p.call(acl.Spec{Op: acl.InplaceAdd, Scalars: []float64{alpha}}, []value{x, b}, nil)
}

// mul: y = a*b, broadcast.
func (p *program) mul(a, b, y value) { p.call(acl.Spec{Op: acl.Mul}, []value{a, b}, []value{y}) }

// mulIn: x = x*b, b broadcast.
func (p *program) mulIn(x, b value) { p.call(acl.Spec{Op: acl.InplaceMul}, []value{x, b}, nil) }

// scaledProduct: y = alpha*a*b, b broadcast.
func (p *program) scaledProduct(a, b value, alpha float64, y value) {
	if p.device.chip.addcmul {
		p.call(acl.Spec{Op: acl.Addcmul, Scalars: []float64{alpha}}, []value{p.constant(0), a, b}, []value{y})
		return
	}
	t := p.tempLike(a)
	t.DType = y.DType
	p.mul(a, b, t)
	p.scale(t, alpha, y)
}

// addProductIn: x = x + alpha*a*b, broadcast.
func (p *program) addProductIn(x, a, b value, alpha float64) {
	if p.device.chip.addcmul {
		p.call(acl.Spec{Op: acl.InplaceAddcmul, Scalars: []float64{alpha}}, []value{x, a, b}, nil)
		return
	}
	t := p.tempLike(x)
	p.mul(a, b, t)
	p.addIn(x, t, alpha)
}

// cast: y = x in y's type.
func (p *program) cast(x, y value) {
	p.call(acl.Spec{Op: acl.Cast, Integers: []int64{int64(y.DType)}}, []value{x}, []value{y})
}

// copy: y = x, broadcast and converted.
func (p *program) copy(x, y value) { p.call(acl.Spec{Op: acl.InplaceCopy}, []value{y, x}, nil) }

// clip: y = min(max(x, low), high).
func (p *program) clip(x value, low, high float64, y value) {
	p.call(acl.Spec{Op: acl.Hardtanh, Scalars: []float64{low, high}}, []value{x}, []value{y})
}

// clipIn: x = min(max(x, low), high).
func (p *program) clipIn(x value, low, high float64) {
	p.call(acl.Spec{Op: acl.InplaceHardtanh, Scalars: []float64{low, high}}, []value{x}, nil)
}

// sum: y = sum of x over dims, in float32.
func (p *program) sum(x value, keep bool, y value, dims ...int64) {
	p.call(acl.Spec{Op: acl.ReduceSum, Arrays: [][]int64{dims}, Flags: []bool{keep}, Integers: []int64{int64(acl.Float)}}, []value{x}, []value{y})
}

// float returns x in float32: x itself, or a copy in scratch.
func (p *program) float(x value) value {
	if x.DType == acl.Float {
		return x
	}
	t := x
	t.place, t.index, t.off = inWork, 0, p.work
	t.DType = acl.Float
	p.work += slots(int64(x.elements()) * 4)
	p.cast(x, t)
	return t
}
