//go:build cgo && linux

package cuda

import (
	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// pixelsOf is activations as the kernels of norm.cu see them: rows of channels, cut into slices that blocks take.
type pixelsOf struct {
	dtype    backend.DType
	rows     int64
	channels int
	shape    nv.LaunchConfig
}

func (r pixelsOf) slices() int { return int(r.shape.Grid[1]) }

// finishers is how many threads share the slices of a channel (FINISH in norm.cu).
const finishers = 16

// finish is the shape of the kernels that add the slices up.
func (r pixelsOf) finish() nv.LaunchConfig {
	return nv.LaunchConfig{Grid: [3]uint32{uint32((r.channels + 31) / 32)}, Block: [3]uint32{32, finishers}}
}

// pixels cuts activations for blocks that look at perThread rows in each thread, or more where that would be more than perMP blocks
// for each multiprocessor.
func (p *program) pixels(d backend.Desc, perThread, perMP int) pixelsOf {
	r := pixelsOf{dtype: d.DType, rows: int64(d.N) * int64(d.H) * int64(d.W), channels: d.C}
	packs := (d.C + packOf(d.DType) - 1) / packOf(d.DType)
	columns := (packs + 31) / 32
	x := (packs + columns - 1) / columns
	y := threads / x
	slices := (r.rows + int64(y*perThread) - 1) / int64(y*perThread)
	slices = max(min(slices, int64(perMP*p.device.gpu.Multiprocessors/columns), maxGridY), 1)
	r.shape = nv.LaunchConfig{Grid: [3]uint32{uint32(columns), uint32(slices)}, Block: [3]uint32{uint32(x), uint32(y)}}
	return r
}

// maxGridY is the largest second and third dimension of a grid.
const maxGridY = 65535

// packOf is how many elements 16 bytes hold (VEC in common.cuh).
func packOf(t backend.DType) int { return 16 / int(t.Size()) }

// norm names a kernel of norm.cu.
func norm(name string, t backend.DType) kernel {
	return kernel{file: kernels.Norm, name: name, dtype: t}
}

// batchNorm normalises every channel. Sums run over slices in a fixed order, then over the slices in double.
func (p *program) batchNorm(o backend.BatchNorm) string {
	if reason := needMaps(o.In()); reason != "" {
		return reason
	}
	switch o.Pass {
	case backend.Forward:
		p.normForward(o)
	case backend.Infer:
		all := p.pixels(o.In(), 4, waves)
		p.launch(norm("norm_infer", o.DType), all.shape, p.operand(0), p.operand(1), p.operand(2), p.operand(3), p.operand(4), p.operand(5),
			f32(o.Eps), i32(0), i64(all.rows), i32(o.C))
	default:
		p.normBackward(o)
	}
	return ""
}

func (p *program) normForward(o backend.BatchNorm) {
	x, mean, invstd := p.operand(0), p.operand(5), p.operand(6)
	sums := p.pixels(o.In(), 8, 4)
	partial := p.temp(int64(sums.slices()) * 2 * int64(o.C) * 4)
	p.launch(norm("norm_sums", o.DType), sums.shape, x, partial, i64(sums.rows), i32(o.C))
	p.launch(norm("norm_statistics", o.DType), sums.finish(), partial, p.operand(3), p.operand(4), mean, invstd, f32(o.Eps), f32(o.Momentum),
		i64(sums.rows), i32(o.C), i32(sums.slices()))
	all := p.pixels(o.In(), 4, waves)
	p.launch(norm("norm_forward", o.DType), all.shape, x, p.operand(1), p.operand(2), mean, invstd, p.operand(7), i32(0), i64(all.rows), i32(o.C))
}

func (p *program) normBackward(o backend.BatchNorm) {
	x, dy, gamma, mean, invstd := p.operand(0), p.operand(1), p.operand(2), p.operand(3), p.operand(4)
	dx, dgamma, dbeta := p.operand(5), p.operand(6), p.operand(7)
	sums := p.pixels(o.In(), 8, 4)
	partial := p.temp(int64(sums.slices()) * 2 * int64(o.C) * 4)
	p.launch(norm("norm_gradient_sums", o.DType), sums.shape, x, dy, gamma, null(), mean, invstd, partial, i64(sums.rows), i32(o.C))
	p.launch(norm("norm_parameter_gradients", o.DType), sums.finish(), partial, dgamma, dbeta, i32(o.C), i32(sums.slices()))
	all := p.pixels(o.In(), 4, waves)
	p.launch(norm("norm_backward", o.DType), all.shape, x, dy, gamma, null(), mean, invstd, dgamma, dbeta, dx, i64(all.rows), i32(o.C))
}
