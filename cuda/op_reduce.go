//go:build cgo && linux

package cuda

import (
	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// reduce makes one number of all elements, in two steps of fixed order.
func (p *program) reduce(o backend.Reduce) {
	const packs = 4 // that a thread reads at least, where there are many
	n, per := int64(o.Desc.Elements()), int64(threads*packs*packOf(o.Desc.DType))
	blocks := max(min((n+per-1)/per, int64(4*p.device.gpu.Multiprocessors)), 1)
	parts := p.temp(8 * blocks)
	name := func(name string) kernel { return kernel{file: kernels.Reduce, name: name, dtype: o.Desc.DType} }
	p.launch(name("reduce_parts"), nv.LaunchConfig{Grid: [3]uint32{uint32(blocks)}, Block: [3]uint32{threads}},
		p.operand(0), parts, i32(o.Kind), i64(n))
	p.launch(name("reduce_finish"), nv.LaunchConfig{Block: [3]uint32{threads}}, parts, p.operand(1), i32(o.Kind), i32(blocks))
}
