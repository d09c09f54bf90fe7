//go:build cgo && linux

package cuda

import (
	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// poolRows is how many rows of a map a block of pool.cu reads at once, at most.
const poolRows = 16

// globalAvgPool takes means over height and width, or spreads their gradient.
func (p *program) globalAvgPool(o backend.GlobalAvgPool) string {
	if reason := needMaps(o.In()); reason != "" {
		return reason
	}
	packs := (o.C + packOf(o.DType) - 1) / packOf(o.DType)
	x := min(packs, 32)
	y := min(threads/x, poolRows, o.H*o.W)
	shape := nv.LaunchConfig{Grid: [3]uint32{uint32((packs + x - 1) / x), uint32(min(o.N, maxGridY))}, Block: [3]uint32{uint32(x), uint32(y)}}
	name := "pool_forward"
	if o.Pass == backend.Backward {
		name = "pool_backward"
	}
	p.launch(kernel{file: kernels.Pool, name: name, dtype: o.DType}, shape, p.operand(0), p.operand(1), i32(o.N), i32(o.H*o.W), i32(o.C))
	return ""
}
