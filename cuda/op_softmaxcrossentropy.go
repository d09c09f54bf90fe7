//go:build cgo && linux

package cuda

import (
	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// loss is softmax cross-entropy, a block for each image.
func (p *program) loss(o backend.SoftmaxCrossEntropy) {
	packs := (o.C + packOf(o.DType) - 1) / packOf(o.DType)
	block := min((packs+31)/32*32, threads)
	labels, soft := p.operand(1), null()
	if o.Soft {
		labels, soft = soft, labels
	}
	scale, loss, dlogits := null(), p.operand(2), null()
	if o.Pass == backend.Backward {
		scale, loss, dlogits = p.operand(2), p.operand(3), p.operand(4)
	}
	divisor := f32(1)
	if o.Mean {
		divisor = f32(o.N)
	}
	p.launch(kernel{file: kernels.Loss, name: "cross_entropy", dtype: o.DType},
		nv.LaunchConfig{Grid: [3]uint32{uint32(o.N)}, Block: [3]uint32{uint32(block)}},
		p.operand(0), labels, soft, scale, loss, dlogits, f32(o.Smoothing), divisor, i32(o.C))
}
