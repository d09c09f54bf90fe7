package backend

import "fmt"

// LossKind is a loss for classification other than softmax cross-entropy. What each computes stands at [ClassLoss].
type LossKind uint8

// The kinds.
const (
	BinaryCrossEntropy LossKind = iota + 1 // each class by itself
	AsymmetricMulti                        // the same, easy wrong classes count less (Ridnik et al. 2021)
	AsymmetricSingle                       // the same idea over a softmax
	JensenShannon                          // three pictures of a sample must agree (AugMix, Hendrycks et al. 2020)
)

var lossKindNames = [...]string{BinaryCrossEntropy: "binary", AsymmetricMulti: "asymmetric-multi", AsymmetricSingle: "asymmetric-single",
	JensenShannon: "jensen-shannon"}

// String returns the name.
func (k LossKind) String() string {
	if int(k) < len(lossKindNames) && lossKindNames[k] != "" {
		return lossKindNames[k]
	}
	return fmt.Sprintf("loss(%d)", uint8(k))
}

// The constants of the losses, which are MindCV's.
const (
	AsymmetricPositive = 1    // exponent where a class is wanted
	AsymmetricNegative = 4    // exponent where it is not
	AsymmetricClip     = 0.05 // a wrong class of less probability does not count; of AsymmetricMulti
	AsymmetricEps      = 1e-8 // smallest argument of the logarithm; of AsymmetricMulti
	JensenShannonAlpha = 12   // weight of the divergence
	JensenShannonEps   = 1e-7 // smallest mean probability
	JensenShannonViews = 3    // pictures of a sample
)

// ClassLoss is a loss of logits x and its gradient, in float32 whatever the type of the logits is. T is the target, y = (1-Smoothing)*T + Smoothing/C.
//
//	BinaryCrossEntropy  loss[n] = sum over c of max(x, 0) - x*y + log(1 + exp(-|x|)), divided by C if Mean
//	AsymmetricMulti     p = sigmoid(x), q = min(1-p+Clip, 1), u = p*T + q*(1-T)
//	                    loss[n] = -sum over c of (T*log(max(p, Eps)) + (1-T)*log(max(q, Eps))) * (1-u)^(Positive*T + Negative*(1-T))
//	AsymmetricSingle    p = softmax(x), u = p*T + (1-p)*(1-T)
//	                    loss[n] = -sum over c of y*log(p) * (1-u)^(Positive*T + Negative*(1-T))
//	JensenShannon       p = softmax(x); rows n, n+N/3 and n+2N/3 are of one sample, m the mean of their p, at least Eps
//	                    loss[n] = -sum over c of y*log(p) + K*Alpha/3 * sum over the three rows and c of p*log(p/m) for n < N/3, else 0
//	                    with K = 1 if Mean, else 3/N: the divergence is averaged always
//
//	dlogits = scale * the gradient of (sum over n of loss[n]) / D, D = N if Mean (of JensenShannon N/3), else 1
//
// Source: MindCV's losses, whose values and gradients these are, with one difference: MindSpore gives no gradient through the first argument of its divergence, so that JensenShannon trains on the first row
// alone there; here the gradient is the whole one, as timm's.
//
//	logits, target, scale -> loss, dlogits
//
// target is Matrix(F32, N, C), scale Vec(F32, 1), loss Vec(F32, N).
type ClassLoss struct {
	Kind      LossKind
	DType     DType
	Layout    Layout
	N, C      int
	Smoothing float32
	Mean      bool
}

// In returns the Desc of the logits.
func (o ClassLoss) In() Desc { return Desc{o.DType, o.Layout, o.N, 1, 1, o.C} }

// Check implements Op.
func (o ClassLoss) Check() error {
	switch {
	case o.Kind < BinaryCrossEntropy || o.Kind > JensenShannon:
		return fmt.Errorf("field Kind %v: want one of %v", o.Kind, lossKindNames[BinaryCrossEntropy:])
	case !(o.Smoothing >= 0 && o.Smoothing < 1):
		return fmt.Errorf("field Smoothing = %g: want 0 or more and less than 1", o.Smoothing)
	case o.Kind == JensenShannon && o.N%JensenShannonViews != 0:
		return fmt.Errorf("field N = %d: want a multiple of %d for %v", o.N, JensenShannonViews, o.Kind)
	}
	return firstError(checkFloat(o.DType), o.In().Check())
}

// Operands implements Op.
func (o ClassLoss) Operands() []Operand {
	return []Operand{
		{Name: "logits", Doc: "scores", Desc: o.In(), Role: In},
		{Name: "target", Doc: "what is wanted of each class, 0 to 1", Desc: Matrix(F32, o.N, o.C), Role: In},
		{Name: "scale", Doc: "loss scale", Desc: Vec(F32, 1), Role: In},
		{Name: "loss", Doc: "one loss per image", Desc: Vec(F32, o.N), Role: Out},
		{Name: "dlogits", Doc: "gradient of logits", Desc: o.In(), Role: Out}}
}

// String implements Op.
func (o ClassLoss) String() string {
	return fmt.Sprintf("ClassLoss(%v n=%d %d smoothing=%g mean=%t %v %v)", o.Kind, o.N, o.C, o.Smoothing, o.Mean, o.DType, o.Layout)
}

func (ClassLoss) op() {}

// ClassLossArgs are the tensors of a [ClassLoss].
type ClassLossArgs struct{ Logits, Target, Scale, Loss, DLogits Tensor }

// Bind implements Args.
func (a *ClassLossArgs) Bind(dst []Tensor) []Tensor {
	return appendSet(dst, a.Logits, a.Target, a.Scale, a.Loss, a.DLogits)
}
