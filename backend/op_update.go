package backend

import "fmt"

// Rule is an optimizer's update rule. What each computes stands at [Update].
type Rule uint8

// The rules.
const (
	Momentum Rule = iota + 1 // SGD with momentum, PyTorch's and MindSpore's
	Nesterov                 // the same, looking ahead
	Adam                     // Adam, AdamW, NAdam and Adam with Nesterov's look ahead, by the numbers in hyper
	Lion                     // the sign of an average
	RMSProp                  // MindSpore's: the rate is inside of the momentum
	Adagrad                  // divides by all squares so far
	Lamb                     // Adam with a rate for each tensor
	Blend                    // a weighted sum: averages of weights, accumulation of gradients, copies
)

var ruleNames = [...]string{Momentum: "momentum", Nesterov: "nesterov", Adam: "adam", Lion: "lion", RMSProp: "rmsprop",
	Adagrad: "adagrad", Lamb: "lamb", Blend: "blend"}

// String returns the name.
func (r Rule) String() string {
	if int(r) < len(ruleNames) && ruleNames[r] != "" {
		return ruleNames[r]
	}
	return fmt.Sprintf("rule(%d)", uint8(r))
}

// States returns how many numbers the rule keeps for each parameter: none, v, or v and s.
func (r Rule) States() int {
	switch r {
	case Blend:
		return 0
	case Adam, RMSProp, Lamb:
		return 2
	}
	return 1
}

// The numbers in the hyper operand of an [Update], by index. A rule reads those that its formula names.
const (
	HyperLR          = iota // lr, the learning rate
	HyperWeightDecay        // decay, which acts through the gradient
	HyperMomentum           // mu, also the decay of the first moment
	HyperGradScale          // gscale: 1/(loss scale)
	HyperSecond             // beta, the decay of the second moment
	HyperEps                // eps
	HyperFirstScale         // c1, on the first moment
	HyperSecondScale        // c2, on the second moment
	HyperGradShare          // c3, on the gradient beside the first moment; of RMSProp, on v
	HyperDecoupled          // wd, which acts on the weight alone
	HyperCount
)

// Update takes one optimizer step over a flat range of parameters. With g = dw*gscale + decay*w, and the names of the numbers
// as at [HyperLR] and after; with gscale = 0, dw is not read and may be anything, NaN too:
//
//	Momentum  v = mu*v + g                                       w -= lr*v
//	Nesterov  v = mu*v + g                                       w -= lr*(g + mu*v)
//	Adam      v = mu*v + (1-mu)*g; s = beta*s + (1-beta)*g*g     w -= lr*(u + wd*w)
//	          with u = (c1*v + c3*g)/(sqrt(c2*s) + eps)
//	Lion      u = sign(mu*v + (1-mu)*g); v = beta*v + (1-beta)*g w -= lr*(u + wd*w)
//	RMSProp   s = beta*s + (1-beta)*g*g; v = mu*v + lr*g/sqrt(s + eps)    w -= c3*v
//	Adagrad   v = v + g*g                                        w -= lr*g/(sqrt(v) + eps)
//	Lamb      v, s, u as Adam with c3 = 0; z = u + wd*w          w -= lr*r*z
//	          for each tensor r = min(|w|/|z'|, 10), or 1 if |w|, |g| or |z'| is 0
//	          with z' = c1*v/sqrt(c2*s + eps) + wd*w
//	Blend     no decay in g                                      w = mu*w + lr*g; with mu = 0, w is not read
//
// On the right w is the weight before the step and sign(0) = 0. All float32. The hyper-parameters lie on the device, so that a
// recording can be replayed with others; what depends on the number of the step, such as Adam's correction of the bias, is
// worked out on the host.
//
//	dw, hyper, (ends) -> w, (v), (s), all three in and out
//
// ends, of Lamb only, is Vec(I32, Tensors): tensor i is the elements from ends[i-1], or 0, to
// ends[i]. Sources: MindSpore 2.10 and MindCV 0.3. Steps were compared with theirs (Adam, RMSProp, Adagrad, Lion) and with
// PyTorch's (SGD, AdamW, NAdam), in package train; Lamb's with MindSpore's formula, which has no CPU kernel, worked out in numpy, and with timm's.
type Update struct {
	Rule     Rule
	Elements int
	Tensors  int // of Lamb; 0 for all others
}

// Check implements Op.
func (o Update) Check() error {
	if o.Rule < Momentum || o.Rule > Blend {
		return fmt.Errorf("Rule %v: want one of %v", o.Rule, ruleNames[Momentum:])
	}
	if (o.Rule == Lamb) != (o.Tensors > 0) || o.Tensors < 0 || o.Tensors > o.Elements {
		return fmt.Errorf("field Tensors = %d: want 1 to Elements for lamb, 0 for other rules", o.Tensors)
	}
	return checkSizes([]size{{"Elements", o.Elements}})
}

// Operands implements Op.
func (o Update) Operands() []Operand {
	flat := Vec(F32, o.Elements)
	list := []Operand{
		{Name: "dw", Doc: "gradients", Desc: flat, Role: In},
		{Name: "hyper", Doc: "lr, weight decay, momentum, gradient scale, ...", Desc: Vec(F32, HyperCount), Role: In}}
	if o.Rule == Lamb {
		list = append(list, Operand{Name: "ends", Doc: "where each tensor ends", Desc: Vec(I32, o.Tensors), Role: In})
	}
	list = append(list, Operand{Name: "w", Doc: "parameters", Desc: flat, Role: InOut})
	states := []Operand{{Name: "v", Doc: "velocity, first moment", Desc: flat, Role: InOut},
		{Name: "s", Doc: "second moment", Desc: flat, Role: InOut}}
	return append(list, states[:o.Rule.States()]...)
}

// String implements Op.
func (o Update) String() string {
	text := fmt.Sprintf("Update(%v %d", o.Rule, o.Elements)
	if o.Tensors > 0 {
		text += fmt.Sprintf(" tensors=%d", o.Tensors)
	}
	return text + ")"
}

func (Update) op() {}

// UpdateArgs are the tensors of an [Update]; which ones a rule takes is said there.
type UpdateArgs struct{ DW, Hyper, Ends, W, V, S Tensor }

// Bind implements Args.
func (a *UpdateArgs) Bind(dst []Tensor) []Tensor {
	return appendSet(dst, a.DW, a.Hyper, a.Ends, a.W, a.V, a.S)
}
