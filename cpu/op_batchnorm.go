package cpu

import "mnv2/backend"

// batchNorm normalises every channel.
type batchNorm struct {
	*norm
	size int64
}

func newBatchNorm(o backend.BatchNorm, e *env) (program, string) {
	var l layout
	b := &batchNorm{norm: newNorm(o, e, &l)}
	b.size = l.size
	return b, needBlocks(o.In())
}

func (b *batchNorm) workspace() int64 { return b.size }

func (b *batchNorm) run() error {
	defer func() { b.normTensors = normTensors{} }()
	switch b.op.Pass {
	case backend.Forward:
		b.normTensors = normTensors{x: b.vecs(0), gamma: b.f32(1), beta: b.f32(2), runMean: b.f32(3), runVar: b.f32(4),
			mean: b.f32(5), invStd: b.f32(6), y: b.vecs(7)}
		b.forward()
	case backend.Infer:
		b.normTensors = normTensors{x: b.vecs(0), gamma: b.f32(1), beta: b.f32(2), runMean: b.f32(3), runVar: b.f32(4), y: b.vecs(5)}
		b.infer()
	default:
		b.normTensors = normTensors{x: b.vecs(0), dy: b.vecs(1), gamma: b.f32(2), mean: b.f32(3), invStd: b.f32(4), dx: b.vecs(5),
			gradGamma: b.f32(6), gradBeta: b.f32(7)}
		b.backward()
	}
	return nil
}
