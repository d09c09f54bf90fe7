package backendtest

import (
	"fmt"
	"maps"
	"math/rand/v2"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// testFused holds every block, in training and in inference, to ref: as the device provides it, and composed of the
// device's primitives. The two are then compared with each other.
func (s *suite) testFused(t tester) {
	s.with(t, func(b backend.Backend) {
		for _, dtype := range s.info.DTypes {
			for _, block := range blockCases(dtype, s.info.Layout) {
				for _, pair := range pairsOf(block) {
					if s.options.wants(pair.first.String()) {
						t.Run(pair.first.String(), func(t tester) { s.checkPair(t, b, pair) })
					}
				}
			}
		}
	})
}

// blockPair are the two passes of a block.
type blockPair struct{ first, second backend.Block }

// pairsOf returns training with and without the gradient of the input, and inference.
func pairsOf(b backend.Block) []blockPair {
	return []blockPair{
		{b.WithPass(backend.Forward, true), b.WithPass(backend.Backward, true)},
		{b.WithPass(backend.Forward, false), b.WithPass(backend.Backward, false)},
		{b.WithPass(backend.Prepare, false), b.WithPass(backend.Infer, false)},
	}
}

// expectation is what a pair should give: exact operands and bounds by name.
type expectation struct{ values, exact, bounds map[string]*ref.Tensor }

// expect returns what a pair should give. It is computed once for each block, with the gradient of its input, and serves
// the pair without it too.
func (s *suite) expect(p blockPair) (expectation, error) {
	if p.second == p.second.WithPass(backend.Backward, false) {
		p = pairsOf(p.first)[0]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.expected[p]; ok {
		return e, nil
	}
	e, err := expectPair(p)
	if s.expected == nil {
		s.expected = map[blockPair]expectation{}
	}
	s.expected[p] = e
	return e, err
}

// expectPair generates numbers for a pair and computes both passes.
func expectPair(p blockPair) (expectation, error) {
	e := expectation{map[string]*ref.Tensor{}, map[string]*ref.Tensor{}, map[string]*ref.Tensor{}}
	seed := seedOf(p.first.String())
	rng := rand.New(rand.NewPCG(seed, 0))
	e.keep(p.second, generate(rng, p.second, normal))
	delete(e.values, "y")
	for _, op := range []backend.Block{p.first, p.second} {
		list := make([]*ref.Tensor, len(op.Operands()))
		for i, o := range op.Operands() {
			list[i] = e.values[o.Name]
		}
		exact, bounds, err := propagate(op, list, seed)
		if err != nil {
			return e, err
		}
		for i, o := range op.Operands() {
			if bounds[i] != nil {
				e.exact[o.Name], e.bounds[o.Name] = exact[i], bounds[i]
			}
		}
	}
	return e, nil
}

func (e expectation) keep(op backend.Op, values []*ref.Tensor) {
	for i, o := range op.Operands() {
		if values[i] != nil {
			e.values[o.Name] = values[i]
		}
	}
}

// checkPair compiles the pair with fusion and without, runs both, and compares.
func (s *suite) checkPair(t tester, b backend.Backend, p blockPair) {
	t.Helper()
	e, err := s.expect(p)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var results []map[string]*ref.Tensor
	for _, fuse := range []backend.Fuse{backend.FuseAuto, backend.FuseOff} {
		first, second := s.compilePair(t, b, p, fuse)
		if first == nil {
			continue
		}
		got, err := runPair(b, first, second, e.values)
		closePlan(t, first)
		closePlan(t, second)
		if err != nil {
			t.Errorf("fuse %v: %v", fuse, err)
			continue
		}
		ratio := e.compare(t, fmt.Sprintf("fuse %v against ref", fuse), got, e.exact)
		s.summary.measure(p.second, ratio)
		results = append(results, got)
	}
	if len(results) == 2 {
		e.compare(t, "fused against composed", results[0], results[1])
	}
}

func (e expectation) compare(t tester, what string, got, want map[string]*ref.Tensor) (ratio float64) {
	t.Helper()
	for name := range maps.Keys(e.bounds) {
		if got[name] == nil {
			continue // dx, which this pair does not give
		}
		ratio = max(ratio, compare(t, fmt.Sprintf("%s: %q", what, name), got[name], want[name], e.bounds[name]))
	}
	return ratio
}

// compilePair returns nil, after noting why, if the device cannot even compose the pair.
func (s *suite) compilePair(t tester, b backend.Backend, p blockPair, fuse backend.Fuse) (first, second backend.Plan) {
	t.Helper()
	first, second, err := backend.CompilePair(b, p.first, p.second, fuse)
	if err != nil {
		s.refused(t, p.first, err, false)
		return nil, nil
	}
	for _, plan := range []backend.Plan{first, second} {
		if _, isComposed := plan.(interface{ Steps() []backend.Plan }); isComposed {
			s.summary.note(plan.Op(), composed)
		} else {
			s.summary.note(plan.Op(), native)
		}
	}
	checkPlanFields(t, first, p.first)
	checkPlanFields(t, second, p.second)
	if first.Saved() != second.Saved() {
		t.Errorf("%v saves %d bytes, %v %d", p.first, first.Saved(), p.second, second.Saved())
	}
	return first, second
}
