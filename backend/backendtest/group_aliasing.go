package backendtest

import (
	"math/rand/v2"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// testAliasing settles which operands may share memory: an output may lie exactly on the input that its InPlace names, and
// nothing else.
func (s *suite) testAliasing(t tester) {
	s.with(t, func(b backend.Backend) {
		t.Run("in place", func(t tester) { s.testInPlace(t, b) })
		t.Run("refused", func(t tester) { s.eachPlan(t, b, func(t tester, p backend.Plan) { testOverlaps(t, b, p) }) })
		t.Run("inputs", func(t tester) { s.testSharedInputs(t, b) })
	})
}

func (s *suite) testInPlace(t tester, b backend.Backend) {
	for _, c := range representatives(s.info) {
		for _, o := range c.op.Operands() {
			if o.InPlace == "" {
				continue
			}
			t.Run(c.name(), func(t tester) {
				if plan := s.compile(t, b, c.op, c.optional); plan != nil {
					defer closePlan(t, plan)
					s.checkPlan(t, b, plan, c, true)
				}
			})
			break
		}
	}
}

// testOverlaps lays every output on every other operand, exactly and a little further on.
func testOverlaps(t tester, b backend.Backend, plan backend.Plan) {
	t.Helper()
	operands := plan.Op().Operands()
	st, err := stageFor(b, plan)
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer free(t, st.buf)
	apart := st.args(operandNames(plan.Op()))
	for i, out := range operands {
		for j, other := range operands {
			if out.Role == backend.In || i == j {
				continue
			}
			for _, shift := range []int64{0, backend.Alignment} {
				args := append(tensors(nil), apart...)
				args[i].Off = apart[j].Off + shift
				if shift >= other.Desc.Bytes() || (shift == 0 && allowed(out, other)) {
					continue
				}
				if args[i].Off+out.Desc.Bytes() > st.buf.Size() {
					continue // would be refused for another reason
				}
				err := plan.Run(args, st.scratch(plan))
				wantError(t, "output "+out.Name+" on "+other.Name, err, backend.ErrArgs, kindName(plan.Op()))
			}
		}
	}
}

// allowed reports whether a and b may lie on each other exactly.
func allowed(a, b backend.Operand) bool { return a.InPlace == b.Name || b.InPlace == a.Name }

// stageFor returns memory for the operands of a plan, with zeros in the inputs.
func stageFor(b backend.Backend, plan backend.Plan) (*stage, error) {
	list := []named{scratchTensor(workspaceName, plan.Workspace()), scratchTensor(savedName, plan.Saved())}
	for _, o := range plan.Op().Operands() {
		list = append(list, named{o.Name, o.Desc})
	}
	s, err := newStage(b, list)
	if err != nil {
		return nil, err
	}
	for _, o := range plan.Op().Operands() {
		s.put(o.Name, ref.New(o.Desc))
	}
	return s, s.upload()
}

// testSharedInputs wants inputs to be free to share memory: x + x.
func (s *suite) testSharedInputs(t tester, b backend.Backend) {
	op := backend.Activation{Pass: backend.Backward, Act: backend.ReLU6, DType: backend.F32, Layout: s.info.Layout, N: 1, H: 3, W: 3, C: 8}
	plan := s.compile(t, b, op, false)
	if plan == nil {
		return
	}
	defer closePlan(t, plan)
	st, err := newStage(b, []named{{"y", op.In()}, {"dx", op.In()}, scratchTensor(workspaceName, plan.Workspace())})
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer free(t, st.buf)
	y := generateOne(rand.New(rand.NewPCG(1, 1)), op, op.Operands()[1], normal)
	st.put("y", y)
	if err := st.upload(); err != nil {
		t.Fatalf("%v", err)
	}
	if err := plan.Run(st.args([]string{"y", "y", "dx"}), st.scratch(plan)); err != nil {
		t.Fatalf("dy and y are the same tensor: %v", err)
	}
	if err := st.download(); err != nil {
		t.Fatalf("%v", err)
	}
	want := ref.New(op.In())
	mustRun(op, y, y, want)
	compare(t, "dx where dy and y are the same tensor", st.value("dx"), want, ref.New(op.In()))
}
