//go:build cgo && linux

package cuda

import (
	"mnv2/backend"
	"mnv2/csrc/nv"
)

// Compile implements backend.Backend.
func (d *Device) Compile(op backend.Op) (backend.Plan, error) {
	name := op.String()
	if err := d.enterDirect("compile " + name); err != nil {
		return nil, err
	}
	defer d.leave()
	if err := op.Check(); err != nil {
		return nil, d.fail("compile "+name, err)
	}
	prog := &program{device: d, operands: op.Operands()}
	if reason := prog.write(op); reason != "" {
		prog.close()
		return nil, backend.Unsupported(d.name, op, reason)
	}
	if prog.err != nil {
		prog.close()
		return nil, d.fail("compile "+name, prog.err)
	}
	p := &plan{device: d, op: op, name: name, binder: backend.NewBinder(op), program: prog,
		bases: bases{operands: make([]nv.DevicePtr, len(prog.operands))}}
	d.plans[p] = struct{}{}
	return p, nil
}

// write appends the launches that compute op, or returns why there are none. It is the list of what this device can do.
func (p *program) write(op backend.Op) string {
	switch o := op.(type) {
	case backend.Activation:
		return p.each1(o.In(), func() { p.activation(o) })
	case backend.Add:
		return p.each1(o.Desc, func() { p.add(o) })
	case backend.BatchNorm:
		return p.batchNorm(o)
	case backend.ClassLoss:
		if reason := notBlocked(o.In()); reason != "" {
			return reason
		}
		return p.classLoss(o)
	case backend.Conv2D:
		return p.conv2D(o)
	case backend.ConvBNAct:
		return p.convBNAct(o)
	case backend.Convert:
		return p.convert(o)
	case backend.Dropout:
		return p.each1(o.In(), func() { p.dropout(o) })
	case backend.DropPath:
		return p.each1(o.In(), func() { p.dropPath(o) })
	case backend.Fill:
		return p.each1(o.Desc, func() { p.fill(o) })
	case backend.GlobalAvgPool:
		return p.globalAvgPool(o)
	case backend.Guard:
		p.guard(o)
		return ""
	case backend.InvertedResidual:
		return p.invertedResidual(o)
	case backend.Reduce:
		return p.each1(o.Desc, func() { p.reduce(o) })
	case backend.SoftmaxCrossEntropy:
		return p.each1(o.In(), func() { p.loss(o) })
	case backend.Update:
		return p.update(o)
	}
	return "no native plan for this operation"
}

// each1 writes an operation that looks at every element alone, so that the order of elements does not matter.
func (p *program) each1(d backend.Desc, write func()) string {
	if reason := notBlocked(d); reason != "" {
		return reason
	}
	write()
	return ""
}

// notBlocked returns why channel blocks are refused.
func notBlocked(d backend.Desc) string {
	if d.Layout == backend.NCHW8c {
		return "there are no channel blocks on GPUs"
	}
	return ""
}

// needMaps returns why activations of this kind are refused.
func needMaps(d backend.Desc) string {
	if d.Layout != backend.NHWC {
		return "GPUs want activations in nhwc, not " + d.Layout.String()
	}
	return ""
}
