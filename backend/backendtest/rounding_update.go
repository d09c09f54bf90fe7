package backendtest

import (
	"math"

	"mnv2/backend"
	"mnv2/backend/ref"
	"mnv2/internal/tolerance"
)

// update is what a bound of an Update is made of: magnitudes, so that nothing cancels.
type update struct {
	lr, decay, mu, scale, beta, eps, c1, c2, c3, wd float64
}

func updateOf(hyper []float64) update {
	a := make([]float64, len(hyper))
	for i, v := range hyper {
		a[i] = math.Abs(v)
	}
	return update{a[backend.HyperLR], a[backend.HyperWeightDecay], a[backend.HyperMomentum], a[backend.HyperGradScale], a[backend.HyperSecond],
		a[backend.HyperEps], a[backend.HyperFirstScale], a[backend.HyperSecondScale], a[backend.HyperGradShare], a[backend.HyperDecoupled]}
}

// roundUpdate follows g, the moments and w through the formulas of backend.Update: as many roundings as each has, times the
// magnitudes that are added.
func roundUpdate(o backend.Update, before, after, bounds []*ref.Tensor) {
	at := map[string]int{}
	for i, operand := range o.Operands() {
		at[operand.Name] = i
	}
	u := updateOf(before[at["hyper"]].V)
	numbers := func(list []*ref.Tensor, name string, i int) float64 {
		if j, ok := at[name]; ok {
			return list[j].V[i]
		}
		return 0
	}
	set := func(name string, i int, bound float64) {
		if j, ok := at[name]; ok {
			bounds[j].V[i] = bound
		}
	}
	ratios := o.Tensors > 0
	for i := range before[at["w"]].V {
		w, v := math.Abs(numbers(before, "w", i)), math.Abs(numbers(before, "v", i))
		s := numbers(after, "s", i)
		g := u.decay * w
		if u.scale != 0 {
			g += math.Abs(numbers(before, "dw", i)) * u.scale
		}
		if o.Rule == backend.Blend {
			set("w", i, 8*unit*(u.mu*w+u.lr*g))
			continue
		}
		first, second, step := u.moments(o.Rule, g, v, s)
		set("v", i, 8*unit*first)
		set("s", i, 8*unit*second)
		step += u.lr * u.wd * w
		roundings := 32.0
		if ratios { // the norms are sums over the tensor, in whatever order
			roundings += 2 * float64(o.Elements)
			step *= ratioBound
		}
		set("w", i, tolerance.Gamma(int(roundings), unit)*step+4*unit*w)
	}
}

// ratioBound is the largest rate that Lamb gives a tensor.
const ratioBound = 10

// moments returns the magnitudes of the new moments and of the step, decoupled decay not counted. g and v are magnitudes, s is the
// new second moment.
func (u update) moments(rule backend.Rule, g, v, s float64) (first, second, step float64) {
	switch rule {
	case backend.Momentum:
		first = u.mu*v + g
		return first, 0, u.lr * first
	case backend.Nesterov:
		first = u.mu*v + g
		return first, 0, u.lr * (g + u.mu*first)
	case backend.Lion:
		return u.beta*v + (1-u.beta)*g, 0, u.lr
	case backend.Adagrad:
		first = v + g*g
		return first, 0, u.lr * g / math.Sqrt(first)
	case backend.RMSProp:
		first = u.mu*v + u.lr*g/math.Sqrt(s+u.eps)
		return 4 * first, s, u.c3 * first
	}
	first = u.mu*v + (1-u.mu)*g
	return first, s, u.lr * (u.c1*first + u.c3*g) / (math.Sqrt(u.c2*s) + u.eps)
}
