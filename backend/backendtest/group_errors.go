package backendtest

import (
	"errors"
	"fmt"
	"math"

	"mnv2/backend"
)

// testErrors settles what wrong calls get.
func (s *suite) testErrors(t tester) {
	s.with(t, func(b backend.Backend) {
		t.Run("arguments", func(t tester) { s.eachPlan(t, b, func(t tester, p backend.Plan) { testWrongArgs(t, b, p) }) })
		t.Run("scratch", func(t tester) { s.eachPlan(t, b, func(t tester, p backend.Plan) { testShortScratch(t, b, p) }) })
		t.Run("freed operand", func(t tester) { s.testFreedOperand(t, b) })
		t.Run("operations", func(t tester) { s.testWrongOps(t, b) })
		t.Run("text", func(t tester) { s.testErrorText(t, b) })
	})
	if s.options.FailNth != nil {
		t.Run("injected", s.testInjected)
	}
}

// wrong is a change to the argument at index i of an otherwise right call.
type wrong struct {
	name  string
	spoil func(t *backend.Tensor)
}

var wrongTensors = []wrong{
	{"dtype", func(t *backend.Tensor) {
		if t.DType == backend.F16 {
			t.DType = backend.BF16
		} else {
			t.DType = backend.F16
		}
	}},
	{"layout", func(t *backend.Tensor) { t.Layout = t.Layout%backend.NCHW8c + 1 }},
	{"count", func(t *backend.Tensor) { t.N++ }},
	{"channels", func(t *backend.Tensor) { t.C++ }},
	{"height and width", func(t *backend.Tensor) { t.H, t.W = t.H+1, t.W+1 }},
	{"alignment", func(t *backend.Tensor) { t.Off += 4 }},
	{"negative offset", func(t *backend.Tensor) { t.Off = -backend.Alignment }},
	{"end", func(t *backend.Tensor) { t.Off = backend.Align(t.Buf.Size()) }},
	{"huge offset", func(t *backend.Tensor) { t.Off = math.MaxInt64 - backend.Alignment + 1 }},
}

func testWrongArgs(t tester, b backend.Backend, plan backend.Plan) {
	t.Helper()
	st, err := stageFor(b, plan)
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer free(t, st.buf)
	right := st.args(operandNames(plan.Op()))
	try := func(what string, args tensors, words ...string) {
		t.Helper()
		wantError(t, what, plan.Run(args, st.scratch(plan)), backend.ErrArgs, append(words, kindName(plan.Op()))...)
	}
	if len(right) == 0 {
		return // Prepare of a block without parameters
	}
	try("no arguments", nil)
	try("one argument too few", right[:len(right)-1])
	try("one argument too many", append(append(tensors(nil), right...), right[0]))
	for i, o := range plan.Op().Operands() {
		for _, w := range wrongTensors {
			args := append(tensors(nil), right...)
			w.spoil(&args[i])
			try(fmt.Sprintf("wrong %s of %q", w.name, o.Name), args, o.Name)
		}
	}
	if err := plan.Run(right, st.scratch(plan)); err != nil {
		t.Errorf("a right call after wrong ones: %v", err)
	}
}

func testShortScratch(t tester, b backend.Backend, plan backend.Plan) {
	t.Helper()
	st, err := stageFor(b, plan)
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer free(t, st.buf)
	args := st.args(operandNames(plan.Op()))
	for _, part := range []struct {
		name  string
		bytes int64
		of    func(*backend.Scratch) *backend.Tensor
	}{{"workspace", plan.Workspace(), func(s *backend.Scratch) *backend.Tensor { return &s.Workspace }},
		{"saved", plan.Saved(), func(s *backend.Scratch) *backend.Tensor { return &s.Saved }}} {
		if part.bytes == 0 {
			continue
		}
		for name, spoil := range map[string]func(*backend.Tensor){
			"no":         func(t *backend.Tensor) { *t = backend.Tensor{} },
			"short":      func(t *backend.Tensor) { t.C-- },
			"misaligned": func(t *backend.Tensor) { t.Off++ },
			"negative":   func(t *backend.Tensor) { t.Off = -backend.Alignment },
			"outside":    func(t *backend.Tensor) { t.Off = backend.Align(t.Buf.Size()) },
			"far away":   func(t *backend.Tensor) { t.Off = math.MaxInt64 - backend.Alignment + 1 },
		} {
			scratch := st.scratch(plan)
			spoil(part.of(&scratch))
			wantError(t, name+" "+part.name, plan.Run(args, scratch), backend.ErrArgs, part.name)
		}
	}
}

// testFreedOperand runs a plan twice with equal arguments; between the two the buffer is freed.
func (s *suite) testFreedOperand(t tester, b backend.Backend) {
	r := s.newRig(t, b, backend.Add{Desc: backend.Vec(backend.F32, 10), A: 1, B: 1})
	defer closePlan(t, r.plan)
	if err := r.run(); err != nil {
		t.Errorf("%v", err)
	}
	free(t, r.buf)
	wantError(t, "run on a buffer that was freed since", r.run(), backend.ErrFreed, "stage")
}

// testWrongOps wants invalid operations to be refused.
func (s *suite) testWrongOps(t tester, b backend.Backend) {
	for _, op := range []backend.Op{
		backend.Fill{}, backend.Update{Rule: 9, Elements: 1},
		backend.Conv2D{Pass: backend.Forward, DType: s.info.DTypes[0], Layout: s.info.Layout, N: 1, H: 2, W: 2, C: 4, K: 4, R: 5, S: 5, Stride: 1, Groups: 1},
		backend.Conv2D{Pass: backend.Backward, DType: s.info.DTypes[0], Layout: s.info.Layout, N: 1, H: 2, W: 2, C: 4, K: 4, R: 1, S: 1, Stride: 1, Groups: 1},
		backend.BatchNorm{Pass: backend.Forward, DType: backend.U8, Layout: s.info.Layout, N: 1, H: 2, W: 2, C: 4, Eps: 1},
	} {
		if p, err := backend.Compile(b, op); err == nil {
			t.Errorf("compile of the invalid %v: want an error", op)
			closePlan(t, p)
		}
	}
	block := blockCases(s.info.DTypes[0], s.info.Layout)[0].WithPass(backend.Forward, false)
	_, err := backend.Compile(b, block)
	wantError(t, "compile of half a pair", err, backend.ErrArgs)
	_, _, err = backend.CompilePair(b, block, block, backend.FuseAuto)
	wantError(t, "compile of a pair of two forwards", err, backend.ErrArgs)
}

// testErrorText wants the device's errors to say which device and what was attempted.
func (s *suite) testErrorText(t tester, b backend.Backend) {
	_, err := b.Alloc(1<<50, "everything")
	s.wantDevice(t, err)
	buf := alloc(t, b, 64, "spent")
	free(t, buf)
	s.wantDevice(t, b.Upload(buf, 0, make([]byte, 4)))
	op := blockCases(s.info.DTypes[0], s.info.Layout)[0].WithPass(backend.Forward, false)
	plan, err := b.Compile(op)
	if err == nil {
		closePlan(t, plan)
		return
	}
	s.wantDevice(t, err)
	wantError(t, "compile of "+op.String(), err, backend.ErrUnsupported, op.String())
}

func (s *suite) wantDevice(t tester, err error) {
	t.Helper()
	var e *backend.Error
	if !errors.As(err, &e) || e.Device != s.info.Device || e.Op == "" {
		t.Errorf("error %v: want a backend.Error that names %q and what was attempted", err, s.info.Device)
	}
}

// testInjected makes every call of the device's library fail in turn while a small program runs. Whatever happens must be an
// error, nothing may stay behind, and afterwards the device must work.
func (s *suite) testInjected(t tester) {
	for n := 1; n <= 200; n++ {
		failed := false
		s.with(t, func(b backend.Backend) {
			s.options.FailNth(b, n)
			failed = s.injectedProgram(b) != nil
			s.options.FailNth(b, 0)
			if err := s.injectedProgram(b); err != nil {
				t.Errorf("after failure %d was injected and ended: %v", n, err)
			}
		})
		if !failed {
			return // the program makes fewer calls
		}
	}
}

// injectedProgram does a little of everything and gives back what it took, also when something fails.
func (s *suite) injectedProgram(b backend.Backend) (err error) {
	pair := pairsOf(residualShape{2, 4, 4, 8, 16, 8, 1, true, true}.op(s.info.DTypes[0], s.info.Layout))[0]
	first, second, err := backend.CompilePair(b, pair.first, pair.second, backend.FuseAuto)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, first.Close(), second.Close()) }()
	if _, err = runPair(b, first, second, blockGradient(pair.first).at); err != nil {
		return err
	}
	return b.Sync()
}
