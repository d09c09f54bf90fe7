package model

import "mnv2/backend"

// lossOp is the loss of logits y, and its gradient.
func (o TrainingOptions) lossOp(y backend.Desc) backend.Op {
	if o.Loss != 0 {
		return backend.ClassLoss{Kind: o.Loss, DType: y.DType, Layout: y.Layout, N: y.N, C: y.C, Smoothing: float32(o.Smoothing), Mean: !o.SumLoss}
	}
	return backend.SoftmaxCrossEntropy{Pass: backend.Backward, DType: y.DType, Layout: y.Layout,
		N: y.N, C: y.C, Smoothing: float32(o.Smoothing), Soft: o.Soft, Mean: !o.SumLoss}
}

func (t *Training) lossArgs() backend.Args {
	if t.options.Loss != 0 {
		return &backend.ClassLossArgs{Logits: t.logits(), Target: t.target, Scale: t.state.lossScale(), Loss: t.losses, DLogits: t.dlogits()}
	}
	return &backend.SoftmaxCrossEntropyArgs{Logits: t.logits(), Labels: t.labels, Target: t.target, Scale: t.state.lossScale(), Loss: t.losses, DLogits: t.dlogits()}
}
