package train

import (
	"fmt"
	"math"

	"mnv2/backend"
	"mnv2/model"
)

// Optimizer says how weights follow gradients, by MindCV's options.
type Optimizer struct {
	Name     string  // of opt; "" is momentum
	Momentum float64 // of sgd, momentum, rmsprop
	Eps      float64 // of rmsprop
	Nesterov bool    // of sgd, momentum, adam
}

// optimizers are the names of opt that can be trained with: the rule, what MindSpore calls its state, and what that starts from.
var optimizers = map[string]struct {
	rule  backend.Rule
	slots []slot
}{
	"momentum": {backend.Momentum, []slot{{"moments.", 0}}},
	"nesterov": {backend.Momentum, []slot{{"moments.", 0}}},
	"sgd":      {backend.Momentum, []slot{{"moments.", 0}}},
	"adam":     {backend.Adam, []slot{{"moment1.", 0}, {"moment2.", 0}}},
	"adamw":    {backend.Adam, []slot{{"adam_m.", 0}, {"adam_v.", 0}}},
	"nadam":    {backend.Adam, []slot{{"nadam_m.", 0}, {"nadam_v.", 0}}},
	"lion":     {backend.Lion, []slot{{"lion_m.", 0}}},
	"rmsprop":  {backend.RMSProp, []slot{{"moment.", 0}, {"mean_square.", 1}}},
	"adagrad":  {backend.Adagrad, []slot{{"accum.", 0.1}}},
	"lamb":     {backend.Lamb, []slot{{"lamb_m.", 0}, {"lamb_v.", 0}}},
}

// slot is a number that an optimizer keeps for each parameter.
type slot struct {
	prefix string // of its name in a checkpoint
	start  float32
}

// The constants that MindCV leaves at MindSpore's defaults.
const (
	firstDecay    = 0.9
	secondDecay   = 0.999
	adamEps       = 1e-8
	lambEps       = 1e-6
	lionDecay     = 0.99
	rmspropDecay  = 0.9
	nadamSchedule = 0.004
)

func (o Optimizer) name() string {
	if o.Name == "" {
		return "momentum"
	}
	return o.Name
}

// rule returns the operation's rule.
func (o Optimizer) rule() (backend.Rule, error) {
	known, ok := optimizers[o.name()]
	if !ok {
		return 0, fmt.Errorf("opt %q: unknown optimizer", o.Name)
	}
	if known.rule == backend.Momentum && o.Nesterov {
		return backend.Nesterov, nil
	}
	return known.rule, nil
}

// hyper returns the numbers of the update that is number t, counted from 1, for parameters that decay by decay. Formulas as in
// MindSpore and MindCV; NAdam counts from 1 as PyTorch does, where MindCV is one ahead.
//
//	adam         lr*sqrt(1-b2^t)/(1-b1^t) * m/(sqrt(v)+eps); with Nesterov b1*m+(1-b1)*g in place of m; decay in the gradient
//	adamw, lamb  m/(1-b1^t), v/(1-b2^t); decay beside the gradient
//	nadam        mu_t = b1*(1 - 0.96^(0.004t)/2) in place of b1 in the corrections; decay in the gradient
func (o Optimizer) hyper(t int, lr, decay float64) model.Hyper {
	h := model.Hyper{LR: lr, WeightDecay: decay, Momentum: o.Momentum}
	first, second := 1-math.Pow(firstDecay, float64(t)), 1-math.Pow(secondDecay, float64(t))
	switch o.name() {
	case "adam":
		h.Momentum, h.Second, h.Eps, h.SecondScale = firstDecay, secondDecay, adamEps, 1
		h.FirstScale = math.Sqrt(second) / first
		if o.Nesterov {
			h.FirstScale, h.GradShare = firstDecay*h.FirstScale, (1-firstDecay)*h.FirstScale
		}
	case "adamw", "lamb":
		h.Momentum, h.Second, h.Eps = firstDecay, secondDecay, adamEps
		h.FirstScale, h.SecondScale = 1/first, 1/second
		h.WeightDecay, h.Decoupled = 0, decay
		if o.name() == "lamb" {
			h.Eps = lambEps
		}
	case "nadam":
		h.Momentum, h.Second, h.Eps, h.SecondScale = firstDecay, secondDecay, adamEps, 1/second
		product := nadamProduct(t)
		h.FirstScale = nadamMu(t+1) / (1 - product*nadamMu(t+1))
		h.GradShare = (1 - nadamMu(t)) / (1 - product)
	case "lion":
		h.Momentum, h.Second = firstDecay, lionDecay
		h.WeightDecay, h.Decoupled = 0, decay
	case "rmsprop":
		h.Second, h.Eps, h.GradShare = rmspropDecay, o.Eps, 1
	}
	return h
}

func nadamMu(t int) float64 {
	return firstDecay * (1 - 0.5*math.Pow(0.96, float64(t)*nadamSchedule))
}

// nadamProduct returns mu_1*...*mu_t, which is nothing after a few thousand steps.
func nadamProduct(t int) float64 {
	product := 1.0
	for i := 1; i <= t && product > 1e-300; i++ {
		product *= nadamMu(i)
	}
	return product
}
