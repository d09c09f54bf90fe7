package backendtest

import (
	"bytes"
	"errors"
	"slices"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// testRecord settles that replaying a recorded step is the step, and what is refused meanwhile. On a device that cannot
// record, backend.Record's stand-in is tested.
func (s *suite) testRecord(t tester) {
	for _, c := range []struct {
		name string
		run  func(t tester, b backend.Backend)
	}{{"replay", s.testReplay}, {"new data", s.testReplayNewData}, {"illegal", s.testIllegalWhileRecording},
		{"freed", s.testReplayFreed}, {"failed step", s.testFailedStep}} {
		t.Run(c.name, func(t tester) { s.with(t, func(b backend.Backend) { c.run(t, b) }) })
	}
}

// program is a step of several operations that feed each other: conv, then batch norm and relu6 in place, then a block.
type program struct {
	conv, sum *rig
	first     backend.Plan
	second    backend.Plan
	block     *stage
}

func (s *suite) newProgram(t tester, b backend.Backend) *program {
	t.Helper()
	dtype, layout := s.info.DTypes[0], s.info.Layout
	p := &program{
		conv: s.newRig(t, b, convShape{2, 6, 6, 10, 8, 1, 1, 0, 1}.op(backend.Forward, dtype, layout)),
		sum:  s.newRig(t, b, backend.Add{Desc: backend.Desc{DType: dtype, Layout: layout, N: 2, H: 6, W: 6, C: 8}, A: 0.5, B: 1}),
	}
	pairs := pairsOf(residualShape{2, 6, 6, 8, 16, 8, 1, true, true}.op(dtype, layout))
	pair := pairs[0]
	if s.options.InferenceOnly {
		pair = pairs[len(pairs)-1]
	}
	p.first, p.second = s.compilePair(t, b, pair, backend.FuseAuto)
	if p.first == nil {
		t.Fatalf("compile %v: %v", pair.first, backend.ErrUnsupported)
	}
	e := blockGradient(pairs[0].first)
	list := []named{scratchTensor(workspaceName, max(p.first.Workspace(), p.second.Workspace())), scratchTensor(savedName, p.first.Saved())}
	for _, o := range append(append(pair.first.Operands(), pair.second.Operands()...), backend.Operand{Name: "y", Desc: pair.first.Out()}) {
		if !slices.ContainsFunc(list, func(n named) bool { return n.name == o.Name }) {
			list = append(list, named{o.Name, o.Desc})
		}
	}
	st, err := newStage(b, list)
	if err != nil {
		t.Fatalf("%v", err)
	}
	for name, v := range e.at {
		if _, isThere := st.at[name]; isThere {
			st.put(name, v)
		}
	}
	p.block = st
	if err := st.upload(); err != nil {
		t.Fatalf("%v", err)
	}
	return p
}

// step queues everything: y = conv(x); sum += y/2; block forward and backward, or its inference, on sum.
func (p *program) step() error {
	if err := p.conv.run(); err != nil {
		return err
	}
	sum := p.sum.args([]string{"x", "y"})
	sum[0] = p.conv.at["y"]
	if err := p.sum.plan.Run(sum, p.sum.scratch(p.sum.plan)); err != nil {
		return err
	}
	for _, plan := range []backend.Plan{p.first, p.second} {
		names := operandNames(plan.Op())
		args := p.block.args(names)
		if i := slices.Index(names, "x"); i >= 0 {
			args[i] = p.sum.at["y"]
		}
		if err := plan.Run(args, p.block.scratch(plan)); err != nil {
			return err
		}
	}
	return nil
}

// results downloads what the step changes.
func (p *program) results(t tester) []byte {
	t.Helper()
	all := append(p.conv.result(t, "y"), p.sum.result(t, "y")...)
	for _, name := range []string{"y", "dx", "d.expand.w", "project.runvar"} {
		if at, isThere := p.block.at[name]; isThere {
			all = append(all, download(t, p.block.b, p.block.buf, at.Off, at.Bytes())...)
		}
	}
	return all
}

func (p *program) close(t tester) {
	t.Helper()
	p.conv.close(t)
	p.sum.close(t)
	closePlan(t, p.first)
	closePlan(t, p.second)
	free(t, p.block.buf)
}

// replays is how often a recording is run.
const replays = 3

func (s *suite) testReplay(t tester, b backend.Backend) {
	direct := s.newProgram(t, b)
	defer direct.close(t)
	for range replays {
		if err := direct.step(); err != nil {
			t.Fatalf("%v", err)
		}
	}
	p := s.newProgram(t, b)
	defer p.close(t)
	before := p.results(t)
	recording := s.record(t, b, p.step)
	defer closeRecording(t, recording)
	if !bytes.Equal(p.results(t), before) {
		t.Errorf("recording a step executed it")
	}
	for range replays {
		if err := recording.Run(); err != nil {
			t.Fatalf("replay: %v", err)
		}
	}
	if !bytes.Equal(p.results(t), direct.results(t)) {
		t.Errorf("%d replays give other bits than %d direct steps", replays, replays)
	}
}

func (s *suite) record(t tester, b backend.Backend, step func() error) backend.Recording {
	t.Helper()
	r, err := backend.Record(b, step)
	if err != nil {
		t.Fatalf("record: %v", err)
	}
	return r
}

func closeRecording(t tester, r backend.Recording) {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Errorf("close the recording: %v", err)
	}
}

// testReplayNewData changes the input between replays.
func (s *suite) testReplayNewData(t tester, b backend.Backend) {
	r := s.newRig(t, b, backend.Add{Desc: backend.Vec(backend.F32, 100), A: 1, B: 0})
	defer r.close(t)
	recording := s.record(t, b, r.run)
	defer closeRecording(t, recording)
	x := ref.New(r.at["x"].Desc)
	for i := range replays {
		x.V[i] = float64(i + 1)
		upload(t, b, r.buf, r.at["x"].Off, x.Bytes())
		if err := recording.Run(); err != nil {
			t.Fatalf("replay: %v", err)
		}
		if !bytes.Equal(r.result(t, "y"), x.Bytes()) {
			t.Errorf("replay %d did not see the new input", i)
		}
	}
}

// testIllegalWhileRecording wants everything that vendors forbid during capture to be refused everywhere.
func (s *suite) testIllegalWhileRecording(t tester, b backend.Backend) {
	recorder, ok := backend.As[backend.Recorder](b)
	if !ok {
		return
	}
	r := s.newRig(t, b, backend.Add{Desc: backend.Vec(backend.F32, 100), A: 1, B: 1})
	defer r.close(t)
	recording := s.record(t, b, func() error {
		_, err := b.Alloc(64, "meanwhile")
		wantError(t, "alloc while recording", err, backend.ErrRecording)
		wantError(t, "upload while recording", b.Upload(r.buf, 0, make([]byte, 4)), backend.ErrRecording)
		wantError(t, "download while recording", b.Download(make([]byte, 4), r.buf, 0), backend.ErrRecording)
		wantError(t, "sync while recording", b.Sync(), backend.ErrRecording)
		_, err = recorder.Record(func() error { return nil })
		wantError(t, "recording while recording", err, backend.ErrRecording)
		return r.run()
	})
	closeRecording(t, recording)
	if err := b.Sync(); err != nil {
		t.Errorf("sync after recording: %v", err)
	}
}

// testReplayFreed wants a recording to notice that a buffer it uses was freed.
func (s *suite) testReplayFreed(t tester, b backend.Backend) {
	r := s.newRig(t, b, backend.Add{Desc: backend.Vec(backend.F32, 100), A: 1, B: 1})
	defer closePlan(t, r.plan)
	recording := s.record(t, b, r.run)
	defer closeRecording(t, recording)
	if err := recording.Run(); err != nil {
		t.Errorf("replay: %v", err)
	}
	free(t, r.buf)
	wantError(t, "replay after a buffer was freed", recording.Run(), backend.ErrFreed)
}

var errStep = errors.New("the step gave up")

// testFailedStep wants the step's own error back, and a device that goes on. The stand-in reports it when the step runs.
func (s *suite) testFailedStep(t tester, b backend.Backend) {
	r := s.newRig(t, b, backend.Add{Desc: backend.Vec(backend.F32, 100), A: 1, B: 1})
	defer r.close(t)
	recording, err := backend.Record(b, func() error { return errors.Join(r.run(), errStep) })
	if err == nil {
		err = recording.Run()
		closeRecording(t, recording)
	}
	wantError(t, "a step that fails", err, errStep)
	if err := errors.Join(r.run(), b.Sync()); err != nil {
		t.Errorf("direct run after a failed recording: %v", err)
	}
}
