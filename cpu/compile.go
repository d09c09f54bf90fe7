package cpu

import (
	"mnv2/backend"
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
	operands := op.Operands()
	e := &env{kernelSet: d.kernels, pool: d.pool, operands: make([][]byte, len(operands))}
	program, reason := d.program(op, e)
	if reason != "" {
		return nil, backend.Unsupported(deviceName, op, reason)
	}
	p := &plan{saved: savedBytes(program), device: d, op: op, name: name, binder: backend.NewBinder(op), env: e, program: program, bytes: program.workspace()}
	d.plans[p] = struct{}{}
	return p, nil
}

// program returns what computes op, or the reason why there is nothing. It is the list of what this device can do.
func (d *Device) program(op backend.Op, e *env) (program, string) {
	switch o := op.(type) {
	case backend.Conv2D:
		return newConv2D(o, e)
	case backend.ConvBNAct:
		return newConvNorm(o, e)
	case backend.InvertedResidual:
		return newResidual(o, e)
	case backend.BatchNorm:
		return newBatchNorm(o, e)
	case backend.Activation:
		return newActivation(o, e)
	case backend.Add:
		return newAdd(o, e)
	case backend.Dropout:
		return newDropout(o, e)
	case backend.DropPath:
		return newDropPath(o, e)
	case backend.Fill:
		return newFill(o, e)
	case backend.GlobalAvgPool:
		return newGlobalAvgPool(o, e)
	case backend.SoftmaxCrossEntropy:
		return newSoftmaxCrossEntropy(o, e)
	case backend.ClassLoss:
		return newClassLoss(o, e)
	case backend.Convert:
		return newConvert(o, e)
	case backend.Guard:
		return newGuard(o, e)
	case backend.Reduce:
		return newReduce(o, e)
	case backend.Update:
		if o.Rule > backend.Nesterov {
			return newOptimizer(o, e)
		}
		return newUpdate(o, e)
	case backend.Chain:
		return newChain(o, e, d)
	}
	return nil, "no native plan for this operation"
}

// needF32 returns why a tensor is refused that is not float32.
func needF32(t backend.DType) string {
	if t != backend.F32 {
		return "the cpu computes in f32, not " + t.String()
	}
	return ""
}

// needBlocks returns why activations are refused that are not float32 in blocks of eight channels.
func needBlocks(d backend.Desc) string {
	if d.Layout != backend.NCHW8c {
		return "the cpu wants activations in nchw8c, not " + d.Layout.String()
	}
	return needF32(d.DType)
}
