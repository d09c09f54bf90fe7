package model

import "mnv2/backend"

// lossOp is the loss of logits y, and its gradient.
func (o TrainingOptions) lossOp(y backend.Desc) backend.Op {
	return backend.SoftmaxCrossEntropy{Pass: backend.Backward, DType: y.DType, Layout: y.Layout,
		N: y.N, C: y.C, Smoothing: float32(o.Smoothing), Soft: o.Soft, Mean: !o.SumLoss}
}

func (t *Training) lossArgs() backend.Args {
	return &backend.SoftmaxCrossEntropyArgs{Logits: t.y, Labels: t.labels, Target: t.target, Scale: t.state.lossScale(), Loss: t.losses, DLogits: t.dy}
}
