//go:build cgo && linux

package cuda

import (
	"encoding/binary"
	"math"

	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// sources are the values of FROM in convert.cu.
var sources = map[backend.DType]string{backend.F32: "F32", backend.F16: "F16", backend.BF16: "BF16", backend.U8: "U8", backend.I32: "I32"}

// convert changes type and order, and normalises images on the way.
func (p *program) convert(o backend.Convert) string {
	from, to := o.From, o.To
	if from.Layout == backend.NCHW8c || to.Layout == backend.NCHW8c {
		return "there are no channel blocks on GPUs"
	}
	name := func(name string) kernel {
		return kernel{file: kernels.Convert, name: name, dtype: to.DType, defines: []string{"FROM=" + sources[from.DType]}}
	}
	n, area := int64(from.Elements()), from.H*from.W
	sameOrder := from.Layout == to.Layout || from.C == 1 || area == 1
	switch {
	case sameOrder && !o.Normalize:
		p.launch(name("convert"), p.packs(n, to.DType), p.operand(0), p.operand(1), i64(n))
	case sameOrder:
		if from.Layout == backend.NHWC {
			area = 1
		}
		p.launch(name("normalize"), p.packs(n, to.DType), p.operand(0), p.operand(1), normalization(o), i32(from.C), i32(area), i64(n))
	default:
		a, b, per := area, from.C, 2 // from NHWC
		if from.Layout == backend.NCHW {
			a, b, per = b, a, 1
		}
		if !o.Normalize {
			per = 0
		}
		tiles := func(n int) int { return (n + 31) / 32 }
		shape := nv.LaunchConfig{Grid: [3]uint32{uint32(tiles(b)), uint32(min(tiles(a), maxGridY)), uint32(min(from.N, maxGridY))},
			Block: [3]uint32{32, 8}}
		p.launch(name("transpose"), shape, p.operand(0), p.operand(1), normalization(o), i32(per), i32(from.N), i32(a), i32(b))
	}
	return ""
}

// normalization is the kernels' channels4: four deviations, four shifts.
func normalization(o backend.Convert) raw {
	var b raw
	for _, v := range o.Std {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	for c, v := range o.Mean {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v/o.Std[c]))
	}
	return b
}
