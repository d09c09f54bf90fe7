package backendtest

import (
	"math"
	"math/rand/v2"
	"slices"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// testDeterminism settles that the same inputs give the same bits: again, and for every variant of the device.
func (s *suite) testDeterminism(t tester) {
	cases := slices.DeleteFunc(s.determinismCases(), func(c determinismCase) bool { return !s.options.wants(c.name) })
	var first []map[string]*ref.Tensor
	s.with(t, func(b backend.Backend) {
		for i, c := range cases {
			first = append(first, nil)
			t.Run("again "+c.name, func(t tester) {
				for range 2 {
					first[i] = sameBits(t, first[i], c.run(t, b))
				}
			})
		}
	})
	for name, open := range s.options.OpenVariants {
		variant := &suite{open: open, options: s.options}
		variant.with(t, func(b backend.Backend) {
			for i, c := range cases {
				t.Run(name+" "+c.name, func(t tester) { sameBits(t, first[i], c.run(t, b)) })
			}
		})
	}
}

// sameBits fails the test if want is there and got differs from it. It returns got.
func sameBits(t tester, want, got map[string]*ref.Tensor) map[string]*ref.Tensor {
	t.Helper()
	for name := range want {
		if got[name] == nil {
			continue // the run itself failed and said so
		}
		for i, v := range got[name].V {
			if w := want[name].V[i]; math.Float64bits(v) != math.Float64bits(w) && !(math.IsNaN(v) && math.IsNaN(w)) {
				t.Errorf("%q at %s is %.9g now and was %.9g before", name, place(got[name].Desc, i), v, w)
				break
			}
		}
	}
	return got
}

// determinismCase computes something and returns its operands by name.
type determinismCase struct {
	name string
	run  func(t tester, b backend.Backend) map[string]*ref.Tensor
}

// determinismCases are large enough for a device to divide the work. Nothing is compared with ref here.
func (s *suite) determinismCases() []determinismCase {
	dtype, layout := s.info.DTypes[0], s.info.Layout
	var list []determinismCase
	for _, shape := range []convShape{{8, 14, 14, 16, 24, 1, 1, 0, 1}, {8, 15, 15, 24, 24, 3, 1, 1, 24}, {8, 15, 15, 24, 24, 3, 2, 1, 24},
		{6, 17, 17, 3, 16, 3, 2, 1, 1}, {32, 1, 1, 320, 100, 1, 1, 0, 1}} {
		for _, p := range convPasses {
			list = append(list, s.opDeterminism(shape.op(p, dtype, layout)))
		}
	}
	for _, p := range []backend.Pass{backend.Forward, backend.Backward} {
		list = append(list,
			s.opDeterminism(backend.BatchNorm{Pass: p, DType: dtype, Layout: layout, N: 8, H: 21, W: 21, C: 20, Eps: blockEps, Momentum: 0.1}),
			s.opDeterminism(backend.GlobalAvgPool{Pass: p, DType: dtype, Layout: layout, N: 16, H: 7, W: 7, C: 200}),
			s.opDeterminism(backend.SoftmaxCrossEntropy{Pass: p, DType: dtype, Layout: layout, N: 64, C: 200, Mean: true}))
	}
	for _, kind := range []backend.Reduction{backend.Sum, backend.SumSquares} {
		list = append(list, s.opDeterminism(backend.Reduce{Kind: kind, Desc: backend.Vec(backend.F32, 200_003)}))
	}
	list = append(list, s.opDeterminism(backend.Update{Rule: backend.Momentum, Elements: 100_003}),
		s.opDeterminism(backend.Update{Rule: backend.Adam, Elements: 100_003}),
		s.opDeterminism(backend.Update{Rule: backend.Lamb, Elements: 100_003, Tensors: 7}))
	for _, block := range []backend.Block{residualShape{4, 14, 14, 16, 96, 16, 1, true, true}.op(dtype, layout), smallNetwork(dtype, layout)} {
		list = append(list, s.pairDeterminism(pairsOf(block)[0]), s.pairDeterminism(pairsOf(block)[2]))
	}
	return list
}

func (s *suite) opDeterminism(op backend.Op) determinismCase {
	return determinismCase{op.String(), func(t tester, b backend.Backend) map[string]*ref.Tensor {
		plan := s.compile(t, b, op, false)
		if plan == nil {
			return nil
		}
		defer closePlan(t, plan)
		values := generate(rand.New(rand.NewPCG(seedOf(op.String()), 0)), op, normal)
		got, err := execute(b, plan, values, false, true)
		if err != nil {
			t.Errorf("%v", err)
			return nil
		}
		results := map[string]*ref.Tensor{}
		for i, o := range op.Operands() {
			results[o.Name] = got[i]
		}
		return results
	}}
}

func (s *suite) pairDeterminism(p blockPair) determinismCase {
	return determinismCase{p.first.String(), func(t tester, b backend.Backend) map[string]*ref.Tensor {
		first, second := s.compilePair(t, b, p, backend.FuseAuto)
		if first == nil {
			return nil
		}
		defer closePlan(t, first)
		defer closePlan(t, second)
		e := expectation{values: map[string]*ref.Tensor{}}
		e.keep(p.second, generate(rand.New(rand.NewPCG(seedOf(p.first.String()), 0)), p.second, normal))
		delete(e.values, "y")
		got, err := runPair(b, first, second, e.values)
		if err != nil {
			t.Errorf("%v", err)
			return nil
		}
		return got
	}}
}
