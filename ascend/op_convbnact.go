//go:build cgo && linux

package ascend

import (
	"mnv2/backend"
	"mnv2/csrc/acl"
)

// convBNAct is one layer: three calls forward and three backward, two in inference.
func (p *program) convBNAct(o backend.ConvBNAct) string {
	if reason := p.needMaps(o.In()); reason != "" {
		return reason
	}
	if reason := p.needProducts(o.DType); reason != "" {
		return reason
	}
	switch o.Pass {
	case backend.Prepare, backend.Infer:
		return p.foldedLayer(o)
	}
	if !p.device.chip.training {
		return p.device.soc + " has no kernels to train batch norm"
	}
	p.trainedLayer(o)
	return ""
}

// trainedLayer keeps the convolution's output and what the vendor's batch norm saves.
func (p *program) trainedLayer(o backend.ConvBNAct) {
	names := p.named()
	z := p.keepImage(o.Out())
	saveMean, saveInvStd := p.keep(acl.Float, o.K), p.keep(acl.Float, o.K)
	norm := o.Norm(backend.Forward)
	if o.Pass == backend.Forward {
		y := names["y"]
		p.conv(o.Conv(backend.Forward), names["x"], names["w"], none, z)
		p.norm(norm, []value{z, names["gamma"], names["beta"], names["runmean"], names["runvar"]}, y, saveMean, saveInvStd)
		if o.Act == backend.ReLU6 {
			p.clipIn(y, 0, 6)
		}
		return
	}
	dn := names["dy"]
	if o.Act == backend.ReLU6 {
		dn = p.tempLike(z)
		p.reluBackward(names["dy"], names["y"], dn)
	}
	dz := p.tempLike(z)
	p.normBackward(norm, dn, z, names["gamma"], names["runmean"], names["runvar"], saveMean, saveInvStd, dz, names["d.gamma"], names["d.beta"])
	dx, dw := none, names["d.w"]
	if o.InputGrad {
		dx = names["dx"]
	}
	t := p.inType(dw, z.DType)
	p.convBackward(o.Conv(backend.Forward), dz, names["x"], names["w"], dx, t, none)
	p.castBack(t, dw)
}

// foldedLayer folds batch norm into filter and bias when parameters are prepared:
//
//	s = gamma/sqrt(runvar+Eps), w' = w*s, b' = beta - runmean*s
func (p *program) foldedLayer(o backend.ConvBNAct) string {
	names := p.named()
	conv := o.Conv(backend.Infer)
	w := p.keepImage(conv.Weight())
	b := p.keep(dtypes[o.DType], o.K)
	if o.Pass == backend.Infer {
		p.conv(conv, names["x"], w, b, names["y"])
		if o.Act == backend.ReLU6 {
			p.clipIn(names["y"], 0, 6)
		}
		return ""
	}
	s, shift := p.temp(acl.Float, o.K), p.temp(acl.Float, o.K)
	p.call(acl.Spec{Op: acl.Adds, Scalars: []float64{float64(o.Eps), 1}}, []value{names["runvar"]}, []value{shift})
	p.call(acl.Spec{Op: acl.Rsqrt}, []value{shift}, []value{s})
	p.mulIn(s, names["gamma"])
	p.mul(names["w"], s.with(o.K, 1, 1, 1), w)
	p.mul(names["runmean"], s, shift)
	p.add(names["beta"], shift, -1, b)
	return ""
}

// keepImage reserves activations, or a filter, that live from the first plan of a pair to the second.
func (p *program) keepImage(d backend.Desc) value {
	return p.keep(dtypes[d.DType], d.Elements()).image(d)
}

// named returns the operands by name.
func (p *program) named() map[string]value {
	list := map[string]value{}
	for i, o := range p.operands {
		v := p.operand(i)
		if o.Name == "w" || o.Name == "d.w" {
			v = v.image(o.Desc)
		}
		list[o.Name] = v
	}
	return list
}
