//go:build cgo && linux

package cuda

import (
	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// classLosses are the kernels of the kinds.
var classLosses = map[backend.LossKind]string{backend.BinaryCrossEntropy: "binary", backend.AsymmetricMulti: "asymmetric_multi",
	backend.AsymmetricSingle: "asymmetric_single", backend.JensenShannon: "jensen_shannon"}

// classLoss is a loss beside softmax cross-entropy, a block for each row of logits, or for the rows of a sample.
func (p *program) classLoss(o backend.ClassLoss) string {
	name := classLosses[o.Kind]
	if name == "" {
		return "no loss " + o.Kind.String()
	}
	rows, divisor, part := o.N, f32(1), f32(1)
	if o.Kind == backend.JensenShannon {
		rows /= backend.JensenShannonViews
	}
	switch {
	case o.Mean:
		divisor = f32(rows)
		if o.Kind == backend.BinaryCrossEntropy {
			part = 1 / f32(o.C)
		}
	case o.Kind == backend.JensenShannon:
		part = 1 / f32(rows)
	}
	block := min((o.C+31)/32*32, threads)
	p.launch(kernel{file: kernels.ClassLoss, name: name, dtype: o.DType},
		nv.LaunchConfig{Grid: [3]uint32{uint32(rows)}, Block: [3]uint32{uint32(block)}},
		p.operand(0), p.operand(1), p.operand(2), p.operand(3), p.operand(4), f32(o.Smoothing), divisor, part, i32(o.C))
	return ""
}
