package backendtest

import (
	"bytes"
	"math/rand/v2"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// testOrder settles that operations and copies happen as if one after the other, however long the queue is.
func (s *suite) testOrder(t tester) {
	s.with(t, func(b backend.Backend) {
		t.Run("long queue", func(t tester) { s.testLongQueue(t, b) })
		t.Run("uploads between runs", func(t tester) { s.testUploadsBetween(t, b) })
		t.Run("one workspace", func(t tester) { s.testOneWorkspace(t, b) })
	})
}

// rig is a plan with memory for its operands.
type rig struct {
	*stage
	plan backend.Plan
}

// newRig compiles op and puts random numbers into what it reads. It ends the test if the device lacks op.
func (s *suite) newRig(t tester, b backend.Backend, op backend.Op) *rig {
	t.Helper()
	plan, err := backend.Compile(b, op)
	if err != nil {
		t.Fatalf("compile %v: %v", op, err)
	}
	st, err := stageFor(b, plan)
	if err != nil {
		t.Fatalf("%v", err)
	}
	for i, v := range generate(rand.New(rand.NewPCG(seedOf(op.String()), 6)), op, normal) {
		if v != nil {
			st.put(op.Operands()[i].Name, v)
		}
	}
	if err := st.upload(); err != nil {
		t.Fatalf("%v", err)
	}
	return &rig{st, plan}
}

// run queues the plan.
func (r *rig) run() error { return r.plan.Run(r.args(operandNames(r.plan.Op())), r.scratch(r.plan)) }

// close gives everything back.
func (r *rig) close(t tester) {
	t.Helper()
	closePlan(t, r.plan)
	free(t, r.buf)
}

// result downloads an operand.
func (r *rig) result(t tester, name string) []byte {
	t.Helper()
	return download(t, r.b, r.buf, r.at[name].Off, r.at[name].Bytes())
}

// testLongQueue adds many times, waiting after each and not at all.
func (s *suite) testLongQueue(t tester, b backend.Backend) {
	const times = 300
	op := backend.Add{Desc: backend.Vec(s.info.DTypes[0], 1000), A: 1, B: 0.99}
	var results [][]byte
	for _, wait := range []bool{true, false} {
		r := s.newRig(t, b, op)
		for range times {
			if err := r.run(); err != nil {
				t.Fatalf("%v", err)
			}
			if err := maybeSync(b, wait); err != nil {
				t.Fatalf("sync: %v", err)
			}
		}
		results = append(results, r.result(t, "y"))
		r.close(t)
	}
	if !bytes.Equal(results[0], results[1]) {
		t.Errorf("%d operations give other bits when the queue is long", times)
	}
}

func maybeSync(b backend.Backend, wait bool) error {
	if wait {
		return b.Sync()
	}
	return nil
}

// testUploadsBetween sums 1, 2, 3, ... each uploaded to the same place while the last addition may still be queued.
func (s *suite) testUploadsBetween(t tester, b backend.Backend) {
	const times = 100
	op := backend.Add{Desc: backend.Vec(backend.F32, 5000), A: 1, B: 1}
	r := s.newRig(t, b, op)
	defer r.close(t)
	x := ref.New(op.Desc)
	upload(t, b, r.buf, r.at["y"].Off, x.Bytes())
	sum := 0.0
	for i := range times {
		for j := range x.V {
			x.V[j] = float64(i + 1)
		}
		sum += float64(i + 1)
		upload(t, b, r.buf, r.at["x"].Off, x.Bytes())
		if err := r.run(); err != nil {
			t.Fatalf("%v", err)
		}
	}
	for j := range x.V {
		x.V[j] = sum
	}
	if !bytes.Equal(r.result(t, "y"), x.Bytes()) {
		t.Errorf("%d uploads and additions in turn: an addition saw another upload than its own", times)
	}
}

// testOneWorkspace runs two convolutions in turn, the second on the result of the first, both with the same workspace.
func (s *suite) testOneWorkspace(t tester, b backend.Backend) {
	const times = 20
	op := convShape{2, 9, 9, 16, 16, 1, 1, 0, 1}.op(backend.Forward, s.info.DTypes[0], s.info.Layout)
	dw := convShape{2, 9, 9, 16, 16, 3, 1, 1, 16}.op(backend.Forward, s.info.DTypes[0], s.info.Layout)
	var results [][]byte
	for _, wait := range []bool{true, false} {
		first, second := s.newRig(t, b, op), s.newRig(t, b, dw)
		work := alloc(t, b, max(first.plan.Workspace(), second.plan.Workspace(), 1), "one workspace")
		for range times {
			args := second.args([]string{"x", "w", "y"})
			args[0] = first.at["y"]
			back := first.args([]string{"x", "w", "y"})
			for _, err := range []error{first.plan.Run(back, shared(work, first.plan)), maybeSync(b, wait),
				second.plan.Run(args, shared(work, second.plan)), maybeSync(b, wait)} {
				if err != nil {
					t.Fatalf("%v", err)
				}
			}
		}
		results = append(results, second.result(t, "y"))
		first.close(t)
		second.close(t)
		free(t, work)
	}
	if !bytes.Equal(results[0], results[1]) {
		t.Errorf("plans that share a workspace disturb each other when the queue is long")
	}
}

// shared is scratch for p at the start of work.
func shared(work backend.Buffer, p backend.Plan) backend.Scratch {
	if p.Workspace() == 0 {
		return backend.Scratch{}
	}
	return backend.Scratch{Workspace: backend.Bytes(work, 0, p.Workspace())}
}
