//go:build cgo && linux

package ascend

import (
	"mnv2/backend"
	"mnv2/csrc/acl"
)

// step is one update of an optimizer over a flat range. The formulas stand at [backend.Update]; hyper-parameters stay on the
// device and enter as vectors of one element, so that a recording can be replayed with others.
type step struct {
	*program
	dw, hyper, w, v, s value
	elements           int
}

// update writes the calls of an optimizer's rule.
func (p *program) update(o backend.Update) string {
	u := step{program: p, elements: o.Elements, dw: p.flat(0), hyper: p.flat(1)}
	if o.Rule == backend.Lamb {
		return "lamb needs to know where tensors end before it is compiled; adamw is the nearest rule that NPUs have"
	}
	for i, state := range []*value{&u.w, &u.v, &u.s}[:1+o.Rule.States()] {
		*state = p.flat(2 + i)
	}
	if o.Rule == backend.Blend {
		u.blend()
		return ""
	}
	u.dw = u.readable()
	switch o.Rule {
	case backend.Momentum:
		u.momentum()
	case backend.Nesterov:
		u.nesterov()
	case backend.Adam:
		u.adam()
	case backend.Lion:
		u.lion()
	case backend.RMSProp:
		u.rmsProp()
	case backend.Adagrad:
		u.adagrad()
	default:
		return "there is no update rule " + o.Rule.String()
	}
	return ""
}

// number is one of the hyper-parameters, by the index that backend gives it.
func (u step) number(i int) value { return u.hyper.element(i) }

// readable is the gradient, or zeros where its scale is 0: it may hold NaN then, of a step that is skipped.
func (u step) readable() value {
	return u.where(u.truth(u.number(backend.HyperGradScale)), u.dw)
}

// truth returns which of a few numbers are not 0.
func (u step) truth(numbers value) value {
	t := u.temp(acl.Bool, numbers.elements())
	u.cast(numbers, t)
	return t
}

// where returns x if a flag is set, and zeros otherwise.
func (u step) where(flag, x value) value {
	t := u.scratch()
	u.call(acl.Spec{Op: acl.SWhere}, []value{flag, x, u.constant(0)}, []value{t})
	return t
}

// scratch reserves a vector as long as the range.
func (u step) scratch() value { return u.temp(acl.Float, u.elements) }

// gradient: g = dw*gscale + decay*w.
func (u step) gradient() value {
	g := u.scratch()
	u.mul(u.dw, u.number(backend.HyperGradScale), g)
	u.addProductIn(g, u.w, u.number(backend.HyperWeightDecay), 1)
	return g
}

// rest returns 1 - x, a vector of one element.
func (u step) rest(x value) value {
	t := u.temp(acl.Float, 1)
	u.scale(x, -1, t)
	u.shiftIn(t, 1)
	return t
}

// average: v = share*v + (1-share)*g.
func (u step) average(v, g, share value) {
	u.mulIn(v, share)
	u.addProductIn(v, g, u.rest(share), 1)
}

// averageSquare: s = beta*s + (1-beta)*g*g. t is overwritten.
func (u step) averageSquare(g, t value) {
	beta := u.number(backend.HyperSecond)
	u.mul(g, u.rest(beta), t)
	u.mulIn(u.s, beta)
	u.addProductIn(u.s, t, g, 1)
}

// root: y = sqrt(x).
func (u step) root(x, y value) { u.call(acl.Spec{Op: acl.Sqrt}, []value{x}, []value{y}) }

// quotient: y = a/b.
func (u step) quotient(a, b, y value) { u.call(acl.Spec{Op: acl.Div}, []value{a, b}, []value{y}) }

// move: w -= lr*(d + wd*w). d is overwritten.
func (u step) move(d value) {
	u.addProductIn(d, u.w, u.number(backend.HyperDecoupled), 1)
	u.addProductIn(u.w, d, u.number(backend.HyperLR), -1)
}

// momentum: v takes gradient and decay one after the other.
func (u step) momentum() {
	u.mulIn(u.v, u.number(backend.HyperMomentum))
	u.addProductIn(u.v, u.dw, u.number(backend.HyperGradScale), 1)
	u.addProductIn(u.v, u.w, u.number(backend.HyperWeightDecay), 1)
	u.addProductIn(u.w, u.v, u.number(backend.HyperLR), -1)
}

func (u step) nesterov() {
	g, mu := u.gradient(), u.number(backend.HyperMomentum)
	u.mulIn(u.v, mu)
	u.addIn(u.v, g, 1)
	u.addProductIn(g, u.v, mu, 1)
	u.addProductIn(u.w, g, u.number(backend.HyperLR), -1)
}

// adam is Adam, AdamW and NAdam, by the numbers.
func (u step) adam() {
	g, t, d := u.gradient(), u.scratch(), u.scratch()
	u.average(u.v, g, u.number(backend.HyperMomentum))
	u.averageSquare(g, t)
	u.mul(u.s, u.number(backend.HyperSecondScale), t)
	u.root(t, d)
	u.addIn(d, u.number(backend.HyperEps), 1)
	u.mulIn(g, u.number(backend.HyperGradShare))
	u.addProductIn(g, u.v, u.number(backend.HyperFirstScale), 1)
	u.quotient(g, d, t)
	u.move(t)
}

func (u step) lion() {
	g, t, d := u.gradient(), u.scratch(), u.scratch()
	mu := u.number(backend.HyperMomentum)
	u.mul(u.v, mu, t)
	u.addProductIn(t, g, u.rest(mu), 1)
	u.call(acl.Spec{Op: acl.Sign}, []value{t}, []value{d})
	u.average(u.v, g, u.number(backend.HyperSecond))
	u.move(d)
}

func (u step) rmsProp() {
	g, t, d := u.gradient(), u.scratch(), u.scratch()
	u.averageSquare(g, t)
	u.add(u.s, u.number(backend.HyperEps), 1, t)
	u.root(t, d)
	u.quotient(g, d, t)
	u.mulIn(u.v, u.number(backend.HyperMomentum))
	u.addProductIn(u.v, t, u.number(backend.HyperLR), 1)
	u.addProductIn(u.w, u.v, u.number(backend.HyperGradShare), -1)
}

func (u step) adagrad() {
	g, t, d := u.gradient(), u.scratch(), u.scratch()
	u.addProductIn(u.v, g, g, 1)
	u.root(u.v, d)
	u.addIn(d, u.number(backend.HyperEps), 1)
	u.quotient(g, d, t)
	u.addProductIn(u.w, t, u.number(backend.HyperLR), -1)
}

// blend takes 0 for w where mu is 0, as for the gradient: what w held, NaN perhaps, does not matter then.
func (u step) blend() {
	flags := u.truth(u.hyper.elementsFrom(backend.HyperMomentum, 2)) // mu and the gradient's scale, which stand side by side
	w, g, share := u.where(flags.element(0), u.w), u.where(flags.element(1), u.dw), u.temp(acl.Float, 1)
	u.mul(u.number(backend.HyperGradScale), u.number(backend.HyperLR), share)
	u.mul(w, u.number(backend.HyperMomentum), u.w)
	u.addProductIn(u.w, g, share, 1)
}

// HyperGradScale must follow HyperMomentum.
var _ = [1]struct{}{}[backend.HyperGradScale-backend.HyperMomentum-1]
