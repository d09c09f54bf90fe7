//go:build cgo && linux

package cuda

import (
	"mnv2/backend"
	"mnv2/csrc/kernels"
)

// element names a kernel of elements.cu.
func element(name string, t backend.DType) kernel {
	return kernel{file: kernels.Elements, name: name, dtype: t}
}

// fill: y = Value.
func (p *program) fill(o backend.Fill) {
	n := int64(o.Desc.Elements())
	p.launch(element("fill", o.Desc.DType), p.packs(n, o.Desc.DType), p.operand(0), f32(o.Value), i64(n))
}

// add: y = A*x + B*y.
func (p *program) add(o backend.Add) {
	n := int64(o.Desc.Elements())
	p.launch(element("add", o.Desc.DType), p.packs(n, o.Desc.DType), p.operand(0), p.operand(1), f32(o.A), f32(o.B), i64(n))
}

// activation clips; its gradient is taken from the output.
func (p *program) activation(o backend.Activation) {
	n := int64(o.In().Elements())
	if o.Pass == backend.Backward {
		p.launch(element("relu6_backward", o.DType), p.packs(n, o.DType), p.operand(0), p.operand(1), p.operand(2), i64(n))
		return
	}
	p.launch(element("relu6_forward", o.DType), p.packs(n, o.DType), p.operand(0), p.operand(1), i64(n))
}

// dropout: y = x*mask/(1-Rate).
func (p *program) dropout(o backend.Dropout) {
	n := int64(o.In().Elements())
	p.launch(element("dropout", o.DType), p.each(n), p.operand(0), p.operand(1), p.operand(2), f32(1/(1-o.Rate)), i64(n))
}

// dropPath keeps an image, scaled, or drops it: a row of blocks for each.
func (p *program) dropPath(o backend.DropPath) {
	size := int64(o.H) * int64(o.W) * int64(o.C)
	shape := p.packs(size, o.DType)
	shape.Grid[1] = uint32(min(o.N, maxGridY))
	p.launch(element("drop_path", o.DType), shape, p.operand(0), p.operand(1), p.operand(2), f32(1/(1-o.Rate)), i64(size), i32(o.N))
}
