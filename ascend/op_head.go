//go:build cgo && linux

package ascend

import (
	"mnv2/backend"
	"mnv2/csrc/acl"
)

// head is pooling, dropout and classifier in training with float32: three calls forward and two backward. All else is composed.
func (p *program) head(o backend.Head) string {
	isTraining := o.Pass == backend.Forward || o.Pass == backend.Backward
	if o.DType != backend.F32 || !isTraining || !p.device.chip.addcmul {
		return "it is composed from its parts"
	}
	if reason := p.needMaps(o.In()); reason != "" {
		return reason
	}
	if reason := p.needProducts(o.DType); reason != "" {
		return reason
	}
	names, d := p.named(), p.keepImage(o.Dense(backend.Forward).In()) // d is what the classifier sees
	if o.Pass == backend.Forward {
		p.mean(names["x"], d)
		if o.DropRate > 0 {
			p.scaledProduct(d.with(o.N, o.C), names["mask"].with(o.N, o.C), 1/(1-float64(o.DropRate)), d.with(o.N, o.C))
		}
		p.affine(d.with(o.N, o.C), names["w"].with(o.K, o.C), names["b"], names["y"].with(o.N, o.K))
		return ""
	}
	p.headBackward(o, names, d)
	return ""
}

// headBackward takes all gradients of the classifier at once; those of dropout and pooling are one product:
//
//	dx = dd * mask * 1/((1-DropRate)*H*W), broadcast over the maps
func (p *program) headBackward(o backend.Head, names map[string]value, d value) {
	dense := o.Dense(backend.GradWeight)
	dy := names["dy"]
	if !o.InputGrad {
		p.convBackward(dense, dy, d, names["w"], none, names["d.w"], names["d.b"])
		return
	}
	dd := p.tempLike(d)
	p.convBackward(dense, dy, d, names["w"], dd, names["d.w"], names["d.b"])
	share := 1 / float64(o.H*o.W)
	zeros := p.constant(make([]float32, o.H*o.W)...).with(1, 1, o.H, o.W)
	factor := p.constant(1)
	if o.DropRate > 0 {
		share /= 1 - float64(o.DropRate)
		factor = names["mask"].with(o.N, o.C, 1, 1)
	}
	p.call(acl.Spec{Op: acl.Addcmul, Scalars: []float64{share}}, []value{zeros, dd.with(o.N, o.C, 1, 1), factor}, []value{names["dx"]})
}
