package backend

import "fmt"

// SoftmaxCrossEntropy is the classification loss, in float32 whatever the type of the logits is.
//
//	t    = (1-Smoothing)*target + Smoothing/C, target one-hot of the label or the soft target itself
//	loss[n] = -sum over c of t[n,c] * log softmax(logits[n])[c]
//	dlogits[n,c] = scale * (softmax(logits[n])[c]*sum(t[n]) - t[n,c]) / D, with D = N if Mean, else 1
//
// A label below 0 marks padding: its loss and gradient are 0 (D stays N).
//
//	Forward   logits, labels | target         -> loss
//	Backward  logits, labels | target, scale  -> loss, dlogits
//
// labels is Vec(I32, N); with Soft, target is Matrix(F32, N, C) instead; scale is Vec(F32, 1), the loss scale, on the
// device so that a recording can be replayed with another value. loss is Vec(F32, N), one number per image.
type SoftmaxCrossEntropy struct {
	Pass      Pass
	DType     DType
	Layout    Layout
	N, C      int
	Smoothing float32
	Soft      bool
	Mean      bool
}

// In returns the Desc of the logits.
func (o SoftmaxCrossEntropy) In() Desc { return Desc{o.DType, o.Layout, o.N, 1, 1, o.C} }

// Check implements Op.
func (o SoftmaxCrossEntropy) Check() error {
	if !(o.Smoothing >= 0 && o.Smoothing < 1) {
		return fmt.Errorf("field Smoothing = %g: want 0 or more and less than 1", o.Smoothing)
	}
	return firstError(checkPass(o.Pass, Forward, Backward), checkFloat(o.DType), o.In().Check())
}

// Operands implements Op.
func (o SoftmaxCrossEntropy) Operands() []Operand {
	target := Operand{Name: "labels", Doc: "class indices", Desc: Vec(I32, o.N), Role: In}
	if o.Soft {
		target = Operand{Name: "target", Doc: "probabilities", Desc: Matrix(F32, o.N, o.C), Role: In}
	}
	logits := Operand{Name: "logits", Doc: "scores", Desc: o.In(), Role: In}
	loss := Operand{Name: "loss", Doc: "one loss per image", Desc: Vec(F32, o.N), Role: Out}
	if o.Pass == Forward {
		return []Operand{logits, target, loss}
	}
	return []Operand{logits, target, {Name: "scale", Doc: "loss scale", Desc: Vec(F32, 1), Role: In}, loss,
		{Name: "dlogits", Doc: "gradient of logits", Desc: o.In(), Role: Out}}
}

// String implements Op.
func (o SoftmaxCrossEntropy) String() string {
	return fmt.Sprintf("SoftmaxCrossEntropy(%v n=%d %d smoothing=%g soft=%t mean=%t %v %v)",
		o.Pass, o.N, o.C, o.Smoothing, o.Soft, o.Mean, o.DType, o.Layout)
}

func (SoftmaxCrossEntropy) op() {}

// SoftmaxCrossEntropyArgs are the tensors of a [SoftmaxCrossEntropy]: either Labels or Target, Scale and DLogits only backward.
type SoftmaxCrossEntropyArgs struct{ Logits, Labels, Target, Scale, Loss, DLogits Tensor }

// Bind implements Args.
func (a *SoftmaxCrossEntropyArgs) Bind(dst []Tensor) []Tensor {
	return appendSet(dst, a.Logits, a.Labels, a.Target, a.Scale, a.Loss, a.DLogits)
}
