package backendtest

import (
	"slices"

	"mnv2/backend"
)

// representatives returns one ordinary case of every kind of primitive, large enough that operands can overlap in part.
func representatives(info backend.Info) []opCase {
	var list []opCase
	for _, dtype := range info.DTypes {
		seen := map[string]bool{}
		for _, c := range opCases(dtype, info.Layout) {
			kind := kindOf(c.op)
			if c.data != normal || c.optional || seen[kind] || smallestOperand(c.op) < 8 {
				continue
			}
			seen[kind] = true
			list = append(list, c)
		}
	}
	return dedupe(list)
}

// smallestOperand returns the bytes of the smallest output of op.
func smallestOperand(op backend.Op) int64 {
	var sizes []int64
	for _, o := range op.Operands() {
		if o.Role != backend.In {
			sizes = append(sizes, o.Desc.Bytes())
		}
	}
	return slices.Min(sizes)
}

// eachPlan compiles every representative and both passes of one block of every kind, composed and not, and calls f.
func (s *suite) eachPlan(t tester, b backend.Backend, f func(t tester, plan backend.Plan)) {
	t.Helper()
	for _, c := range representatives(s.info) {
		if !s.options.wants(c.name()) {
			continue
		}
		t.Run(c.name(), func(t tester) {
			if plan := s.compile(t, b, c.op, c.optional); plan != nil {
				defer closePlan(t, plan)
				f(t, plan)
			}
		})
	}
	for _, pair := range representativePairs(s.info) {
		for _, fuse := range []backend.Fuse{backend.FuseAuto, backend.FuseOff} {
			if !s.options.wants(pair.second.String()) {
				continue
			}
			t.Run(pair.second.String()+" fuse="+fuse.String(), func(t tester) {
				first, second := s.compilePair(t, b, pair, fuse)
				if first == nil {
					return
				}
				defer closePlan(t, first)
				defer closePlan(t, second)
				f(t, first)
				f(t, second)
			})
		}
	}
}

// representativePairs returns training and inference of one block of every kind.
func representativePairs(info backend.Info) []blockPair {
	var list []blockPair
	seen := map[string]bool{}
	for _, block := range blockCases(info.DTypes[0], info.Layout) {
		if kind := kindOf(block.WithPass(backend.Forward, true)); !seen[kind] {
			seen[kind] = true
			pairs := pairsOf(block)
			list = append(list, pairs[0], pairs[2])
		}
	}
	return list
}
