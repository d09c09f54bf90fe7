package backendtest

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"mnv2/backend"
	"mnv2/backend/ref"
	"mnv2/internal/tolerance"
)

// testOps holds every primitive, in every pass, over the case list and some random ones, to ref.
func (s *suite) testOps(t tester) {
	var list []opCase
	for _, dtype := range s.info.DTypes {
		list = append(list, opCases(dtype, s.info.Layout)...)
	}
	rng := rand.New(rand.NewPCG(2018, 1801))
	for range 60 {
		list = append(list, randomOp(rng, s.info))
	}
	s.with(t, func(b backend.Backend) {
		for _, c := range dedupe(list) {
			if s.options.wants(c.name()) && (c.data != nonFinite || !s.options.NoNonFinite) {
				t.Run(c.name(), func(t tester) { s.checkOp(t, b, c) })
			}
		}
	})
}

// seedOf returns a seed that belongs to a name, so that a case has the same numbers wherever it stands.
func seedOf(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return h.Sum64()
}

// checkOp compiles and runs one case and compares it with ref.
func (s *suite) checkOp(t tester, b backend.Backend, c opCase) {
	t.Helper()
	plan := s.compile(t, b, c.op, c.optional)
	if plan == nil {
		return
	}
	defer closePlan(t, plan)
	checkPlanFields(t, plan, c.op)
	s.checkPlan(t, b, plan, c, false)
}

// checkPlan runs a plan on the numbers of its case and compares the result with ref.
func (s *suite) checkPlan(t tester, b backend.Backend, plan backend.Plan, c opCase, inPlace bool) {
	t.Helper()
	values := generate(rand.New(rand.NewPCG(seedOf(c.name()), 0)), c.op, c.data)
	exact, bounds, err := expect(c.op, values)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if s.options.HalfFilterGrads {
		roundFilterGrads(c.op, exact, bounds)
	}
	if s.options.HalfBias {
		roundBias(c.op, exact, bounds)
	}
	if s.options.Saturates {
		saturate(exact)
		if r, ok := c.op.(backend.Reduce); ok && r.Kind == backend.AllFinite {
			_, _ = execute(b, plan, values, inPlace, false) // tells of what came before; the second tells of x
		}
	}
	got, err := execute(b, plan, values, inPlace, c.data != nonFinite)
	if err != nil {
		t.Errorf("%v: %v", c.op, err)
		return
	}
	for i, o := range c.op.Operands() {
		if o.Role != backend.In {
			ratio := compare(t, fmt.Sprintf("%v: %q", c.op, o.Name), got[i], exact[i], bounds[i])
			s.summary.measure(c.op, ratio)
		}
	}
}

// expect returns the exact operands of a primitive after it ran, and the bounds of its outputs.
func expect(op backend.Op, values []*ref.Tensor) (exact, bounds []*ref.Tensor, err error) {
	before, after := withOutputs(op, values), withOutputs(op, values)
	if err := ref.Run(op, after); err != nil {
		return nil, nil, err
	}
	switch op.(type) {
	case backend.Convert, backend.Fill: // rounded correctly, to the last bit
		after[len(after)-1].Round()
	}
	bounds, err = rounding(op, before, after)
	return after, bounds, err
}

// compare reports elements of got that are farther from want than bound. It returns the largest error as a multiple of its
// bound.
func compare(t tester, what string, got, want, bound *ref.Tensor) float64 {
	t.Helper()
	r, err := tolerance.Compare(formatOf(want.Desc.DType), got.V, want.V, bound.V)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return 0
	}
	if !r.OK() {
		t.Errorf("%s: %v; that is %s of %v", what, r, place(want.Desc, r.Worst), want.Desc)
	}
	return r.Ratio
}

// place returns the coordinates of an element by its place in N, H, W, C order.
func place(d backend.Desc, i int) string {
	return fmt.Sprintf("(n=%d h=%d w=%d c=%d)", i/(d.H*d.W*d.C), i/(d.W*d.C)%d.H, i/d.C%d.W, i%d.C)
}

func closePlan(t tester, p backend.Plan) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Errorf("close the plan of %v: %v", p.Op(), err)
	}
}

// checkPlanFields wants a plan to know its operation, and primitives to save nothing.
func checkPlanFields(t tester, p backend.Plan, op backend.Op) {
	t.Helper()
	if p.Op() != op {
		t.Errorf("plan of %v says it is of %v", op, p.Op())
	}
	if _, isBlock := op.(backend.Block); !isBlock && p.Saved() != 0 {
		t.Errorf("%v saves %d bytes: what a primitive keeps are named operands", op, p.Saved())
	}
	if p.Workspace() < 0 || p.Saved() < 0 {
		t.Errorf("%v wants %d bytes of workspace and %d saved", op, p.Workspace(), p.Saved())
	}
}
