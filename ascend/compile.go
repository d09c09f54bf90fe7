//go:build cgo && linux

package ascend

import (
	"errors"
	"fmt"

	"mnv2/backend"
	"mnv2/csrc/acl"
)

// Compile implements backend.Backend.
func (d *Device) Compile(op backend.Op) (backend.Plan, error) {
	name := op.String()
	if err := d.enter("compile " + name); err != nil {
		return nil, err
	}
	defer d.leave()
	if err := op.Check(); err != nil {
		return nil, d.fail("compile "+name, err)
	}
	p := &plan{device: d, op: op, name: name, binder: backend.NewBinder(op)}
	p.findAlias()
	for _, inPlace := range p.variants() {
		if err := p.build(inPlace); err != nil {
			return nil, errors.Join(err, p.release())
		}
	}
	d.plans[p] = struct{}{}
	return p, nil
}

// build writes the program for one variant and makes its calls ready.
func (p *plan) build(inPlace bool) error {
	d := p.device
	prog := &program{device: d, operands: p.op.Operands(), inPlace: inPlace}
	if reason := prog.write(p.op); reason != "" {
		return backend.Unsupported(d.name, p.op, reason)
	}
	if prog.err != nil {
		return d.fail("compile "+p.name, prog.err)
	}
	r := &ready{program: prog, addresses: make([]acl.Address, len(prog.refs))}
	if len(prog.specs) > 0 {
		batch, err := d.c.NewBatch(prog.specs, !d.options.Replan, d.scratch)
		var missing *acl.MissingOp
		if errors.As(err, &missing) {
			return backend.Unsupported(d.name, p.op, missing.Error())
		}
		if err != nil {
			return d.refused(p, callName(prog.specs, err), err)
		}
		r.batch = batch
	}
	p.ready[index(inPlace)] = r
	p.work, p.saved = max(p.work, prog.work), prog.saved
	if r.batch != nil {
		return d.reserve(r.batch.Workspace)
	}
	return nil
}

// refused returns the error of a first phase. Operators without a kernel for the chip are not supported; the vendor's tables
// do not always agree with ours.
func (d *Device) refused(p *plan, call string, err error) error {
	var v *acl.Error
	if errors.As(err, &v) && v.Code == noKernel {
		return backend.Unsupported(d.name, p.op, v.Error())
	}
	return d.fail("compile "+p.name+call, err)
}

// noKernel is ACLNN_ERR_INNER_FIND_KERNEL_ERROR.
const noKernel = 561003

// callName says which call of a list failed, if the error tells.
func callName(specs []acl.Spec, err error) string {
	var e *acl.Error
	if !errors.As(err, &e) || len(specs) < 2 || e.Index >= len(specs) {
		return ""
	}
	return fmt.Sprintf(", call %d of %d (%v)", e.Index+1, len(specs), specs[e.Index].Op)
}

// write appends the calls that compute op, or returns why there are none. It is the list of what this device can do.
func (p *program) write(op backend.Op) string {
	switch o := op.(type) {
	case backend.Conv2D:
		return p.conv2D(o)
	case backend.ConvBNAct:
		return p.convBNAct(o)
	case backend.BatchNorm:
		return p.batchNorm(o)
	case backend.Activation:
		return p.activation(o)
	case backend.Add:
		return p.each(o.Desc, func() string { return p.blend(o) })
	case backend.Dropout:
		return p.each(o.In(), func() string { return p.dropout(o) })
	case backend.ClassLoss:
		return p.classLoss(o)
	case backend.DropPath:
		return p.each(o.In(), func() string { return p.dropPath(o) })
	case backend.Guard:
		return p.guard(o)
	case backend.Head:
		return p.head(o)
	case backend.Fill:
		return p.each(o.Desc, func() string { return p.fill(o) })
	case backend.GlobalAvgPool:
		return p.pool(o)
	case backend.SoftmaxCrossEntropy:
		return p.loss(o)
	case backend.Convert:
		return p.convert(o)
	case backend.Reduce:
		return p.each(o.Desc, func() string { return p.reduce(o) })
	case backend.Update:
		return p.update(o)
	}
	return "no native plan for this operation"
}

// each writes an operation that looks at every element alone, so that the order of elements does not matter.
func (p *program) each(d backend.Desc, write func() string) string {
	if d.Layout == backend.NCHW8c {
		return "there are no channel blocks on NPUs"
	}
	if reason := p.needType(d.DType); reason != "" {
		return reason
	}
	return write()
}

// needMaps returns why activations of this kind are refused.
func (p *program) needMaps(d backend.Desc) string {
	if d.Layout != backend.NCHW {
		return "NPUs want activations in nchw, not " + d.Layout.String()
	}
	return p.needType(d.DType)
}

func (p *program) needType(t backend.DType) string {
	if t == backend.BF16 && !p.device.chip.bf16 {
		return p.device.soc + " has no bf16"
	}
	return ""
}
