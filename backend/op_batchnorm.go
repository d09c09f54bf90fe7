package backend

import "fmt"

// BatchNorm normalises every channel over the M = N*H*W values it has in the batch (Ioffe and Szegedy 2015).
//
//	Forward   mean = sum(x)/M, var = sum((x-mean)^2)/M, invstd = 1/sqrt(var+Eps)
//	          y = gamma*(x-mean)*invstd + beta
//	          runmean = (1-Momentum)*runmean + Momentum*mean
//	          runvar  = (1-Momentum)*runvar  + Momentum*var*M/(M-1)    (var itself when M = 1)
//	Infer     y = gamma*(x-runmean)/sqrt(runvar+Eps) + beta
//	Backward  dbeta = sum(dy), dgamma = sum(dy*xhat), with xhat = (x-mean)*invstd
//	          dx = gamma*invstd*(dy - dbeta/M - xhat*dgamma/M)
//
//	Forward   x, gamma, beta, runmean (in and out), runvar (in and out) -> mean, invstd, y
//	Infer     x, gamma, beta, runmean, runvar                           -> y
//	Backward  x, dy, gamma, mean, invstd                                -> dx, dgamma, dbeta
//
// Momentum is the weight of the new statistic, as in PyTorch and cuDNN; MindSpore's 0.9 is 0.1 here. Statistics and
// parameters are float32 whatever DType is.
type BatchNorm struct {
	Pass       Pass
	DType      DType
	Layout     Layout
	N, H, W, C int
	Eps        float32
	Momentum   float32
}

// In returns the Desc of x, y, dx and dy.
func (o BatchNorm) In() Desc { return Desc{o.DType, o.Layout, o.N, o.H, o.W, o.C} }

// Check implements Op.
func (o BatchNorm) Check() error {
	if err := firstError(checkPass(o.Pass, Forward, Infer, Backward), checkFloat(o.DType), o.In().Check()); err != nil {
		return err
	}
	return checkNorm(o.Eps, o.Momentum)
}

func checkNorm(eps, momentum float32) error {
	if !(eps > 0) {
		return fmt.Errorf("epsilon Eps = %g: want more than 0", eps)
	}
	if !(momentum >= 0 && momentum <= 1) {
		return fmt.Errorf("field Momentum = %g: want 0 to 1", momentum)
	}
	return nil
}

// Operands implements Op.
func (o BatchNorm) Operands() []Operand {
	vec := func(name, doc string, r Role) Operand {
		return Operand{Name: name, Doc: doc, Desc: Vec(F32, o.C), Role: r}
	}
	x := Operand{Name: "x", Doc: "input", Desc: o.In(), Role: In}
	y := Operand{Name: "y", Doc: "output", Desc: o.In(), Role: Out, InPlace: "x"}
	gamma, beta := vec("gamma", "scale", In), vec("beta", "shift", In)
	switch o.Pass {
	case Forward:
		return []Operand{x, gamma, beta, vec("runmean", "moving mean", InOut), vec("runvar", "moving variance", InOut),
			vec("mean", "batch mean", Out), vec("invstd", "1/sqrt(batch variance + Eps)", Out), y}
	case Infer:
		return []Operand{x, gamma, beta, vec("runmean", "moving mean", In), vec("runvar", "moving variance", In), y}
	}
	return []Operand{x, {Name: "dy", Doc: "gradient of y", Desc: o.In(), Role: In}, gamma,
		vec("mean", "from Forward", In), vec("invstd", "from Forward", In),
		{Name: "dx", Doc: "gradient of x", Desc: o.In(), Role: Out, InPlace: "dy"},
		vec("dgamma", "gradient of gamma", Out), vec("dbeta", "gradient of beta", Out)}
}

// String implements Op.
func (o BatchNorm) String() string {
	return fmt.Sprintf("BatchNorm(%v n=%d %dx%d %d eps=%g momentum=%g %v %v)",
		o.Pass, o.N, o.H, o.W, o.C, o.Eps, o.Momentum, o.DType, o.Layout)
}

func (BatchNorm) op() {}

// BatchNormArgs are the tensors of a [BatchNorm]; which ones a pass takes is said there.
type BatchNormArgs struct {
	X, DY, Gamma, Beta, RunMean, RunVar, Mean, InvStd, Y, DX, DGamma, DBeta Tensor
}

// Bind implements Args.
func (a *BatchNormArgs) Bind(dst []Tensor) []Tensor {
	return appendSet(dst, a.X, a.DY, a.Gamma, a.Beta, a.RunMean, a.RunVar, a.Mean, a.InvStd, a.Y, a.DX, a.DGamma, a.DBeta)
}
