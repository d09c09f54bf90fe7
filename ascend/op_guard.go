//go:build cgo && linux

package ascend

import (
	"math"

	"mnv2/backend"
	"mnv2/csrc/acl"
)

// decision is a [backend.Guard]: a few calls on a few numbers, so that nobody waits for them. What happens in a step that counts and
// in one that does not is computed both, and chosen at the end.
type decision struct {
	*program
	backend.Guard
	finite, loss, squares, plan, hyper, state value
}

// guard writes a decision.
func (p *program) guard(o backend.Guard) string {
	if !p.device.chip.training {
		return p.device.soc + " has no kernels to train"
	}
	d := decision{program: p, Guard: o, finite: p.operand(0).with(1), loss: p.operand(1).with(1)}
	if o.Clip > 0 {
		d.squares = p.operand(2).with(1)
	}
	last := len(p.operands) - 1
	d.plan, d.hyper = p.operand(last-2).with(2*o.Rows, backend.HyperRoom), p.operand(last-1).with(o.Rows, backend.HyperRoom)
	d.state = p.operand(last).with(backend.GuardCount)
	ok, norm, divisor := d.counts(), d.state, d.state.element(backend.GuardScale)
	if o.Clip > 0 {
		norm, divisor = d.clipped()
	}
	d.choose(ok, d.scaled(divisor), d.plan.rows(o.Rows, o.Rows), d.hyper)
	d.keepState(ok, norm)
	return ""
}

// counts returns whether the step counts:
//
//	isfinite(loss/finite + 0*squares)
//
// A quotient by 0 is finite for no loss.
func (d decision) counts() value {
	if !d.device.chip.infNaN {
		return d.countsSaturating()
	}
	ok, t := d.temp(acl.Bool, 1), d.temp(acl.Float, 1)
	d.call(acl.Spec{Op: acl.Div}, []value{d.loss, d.finite}, []value{t})
	if d.Clip > 0 {
		d.addProductIn(t, d.squares, d.constant(0), 1)
	}
	d.call(acl.Spec{Op: acl.IsFinite}, []value{t}, []value{ok})
	return ok
}

// countsSaturating is counts on a chip whose results saturate: infinities and NaN, if there are any, are looked at and never computed with.
func (d decision) countsSaturating() value {
	ok := d.temp(acl.Bool, 1)
	numbers := []value{d.loss, d.squares}
	if d.Clip == 0 {
		numbers = numbers[:1]
	}
	finite := d.finite
	for _, x := range numbers {
		t := d.temp(acl.Float, 1)
		d.call(acl.Spec{Op: acl.IsFinite}, []value{x}, []value{ok})
		d.choose(ok, finite, d.constant(0), t)
		finite = t
	}
	d.cast(finite, ok)
	return ok
}

// clipped returns the norm of the gradient, and what to divide it by as it is, loss scale S and all, to bring it to the limit:
//
//	root = sqrt(squares), norm = root/S, divisor = S*max(norm, Clip)/Clip = max(root/Clip, S)
func (d decision) clipped() (norm, divisor value) {
	root, scale := d.temp(acl.Float, 1), d.state.element(backend.GuardScale)
	norm, divisor = d.temp(acl.Float, 1), d.temp(acl.Float, 1)
	d.call(acl.Spec{Op: acl.Sqrt}, []value{d.squares}, []value{root})
	d.call(acl.Spec{Op: acl.Div}, []value{root, scale}, []value{norm})
	t := d.temp(acl.Float, 1)
	d.call(acl.Spec{Op: acl.Div}, []value{root, d.constant(d.Clip)}, []value{t})
	d.call(acl.Spec{Op: acl.Maximum}, []value{t, scale}, []value{divisor})
	return norm, divisor
}

// scaled returns the numbers of a step that counts, the gradient scales of the first Scaled rows divided.
func (d decision) scaled(divisor value) value {
	others, own := ones(d.Rows*backend.HyperRoom), make([]float32, d.Rows*backend.HyperRoom)
	for r := range d.Scaled {
		at := r*backend.HyperRoom + backend.HyperGradScale
		others[at], own[at] = 0, 1
	}
	shape := func(numbers []float32) value { return d.constant(numbers...).with(d.Rows, backend.HyperRoom) }
	divisors, t := d.temp(acl.Float, d.Rows, backend.HyperRoom), d.temp(acl.Float, d.Rows, backend.HyperRoom)
	d.call(acl.Spec{Op: acl.Addcmul, Scalars: []float64{1}}, []value{shape(others), shape(own), divisor}, []value{divisors})
	d.call(acl.Spec{Op: acl.Div}, []value{d.plan.rows(0, d.Rows), divisors}, []value{t})
	return t
}

// choose: y = a if ok, else b.
func (d decision) choose(ok, a, b, y value) {
	d.call(acl.Spec{Op: acl.SWhere}, []value{ok, a, b}, []value{y})
}

// keepState moves loss scale and counts. Most of both cases are products and sums with constants: the first row of
// a 2-row matrix is the state after a step that counts, the second after one that does not.
func (d decision) keepState(ok, norm value) {
	const n = backend.GuardCount
	factors, terms := ones(2*n), make([]float32, 2*n)
	counted, skipped := factors[:n], factors[n:]
	counted[backend.GuardRun], terms[backend.GuardGood] = 0, 1
	skipped[backend.GuardGood], terms[n+backend.GuardSkipped], terms[n+backend.GuardRun] = 0, 1, 1
	if d.Window > 0 {
		skipped[backend.GuardScale] = 0.5
	}
	if d.Clip > 0 {
		counted[backend.GuardNorm] = 0
	}
	both := d.temp(acl.Float, 2, n)
	d.call(acl.Spec{Op: acl.Addcmul, Scalars: []float64{1}},
		[]value{d.constant(terms...).with(2, n), d.state.with(1, n), d.constant(factors...).with(2, n)}, []value{both})
	good, bad := both.row(0), both.row(1)
	if d.Window > 0 {
		d.clipIn(both.with(2*n).element(n+backend.GuardScale), backend.MinLossScale, math.MaxFloat32)
		good = d.doubled(both)
	}
	if d.Clip > 0 {
		place := make([]float32, n)
		place[backend.GuardNorm] = 1
		t := d.temp(acl.Float, n)
		d.call(acl.Spec{Op: acl.Addcmul, Scalars: []float64{1}}, []value{good, d.constant(place...), norm}, []value{t})
		good = t
	}
	d.choose(ok, good, bad, d.state)
}

// doubled returns the first row of both, with the scale doubled and the count at 0 if the window is full.
func (d decision) doubled(both value) value {
	const n = backend.GuardCount
	factors := ones(n)
	factors[backend.GuardScale], factors[backend.GuardGood] = 2, 0
	isFull, next, t := d.temp(acl.Bool, 1), d.temp(acl.Float, n), d.temp(acl.Float, n)
	count := both.with(2 * n).element(backend.GuardGood)
	d.call(acl.Spec{Op: acl.EqTensor}, []value{count, d.constant(float32(d.Window))}, []value{isFull})
	d.mul(both.row(0), d.constant(factors...), next)
	d.clipIn(next.element(backend.GuardScale), 0, backend.MaxLossScale)
	d.choose(isFull, next, both.row(0), t)
	return t
}

func ones(n int) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = 1
	}
	return list
}
