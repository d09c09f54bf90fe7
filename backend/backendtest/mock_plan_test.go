package backendtest

import (
	"errors"
	"slices"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// savedBytes is what a native block of the mock keeps: a mark of the input it saw.
const savedBytes = 8

func (m *mock) Compile(op backend.Op) (backend.Plan, error) {
	if err := m.enter("compile "+op.String(), true); err != nil {
		return nil, err
	}
	defer m.leave()
	p := &mockPlan{device: m, op: op, binder: backend.NewBinder(op)}
	switch o := op.(type) {
	case backend.ConvBNAct:
		p.saved = savedBytes
	case backend.Block:
		return nil, backend.Unsupported(m.info.Device, op, "only ConvBNAct is native here")
	case backend.Conv2D:
		if o.Groups > 1 && !o.IsDepthwise() {
			return nil, backend.Unsupported(m.info.Device, op, "groups are for depthwise")
		}
		p.workspace = 48
	}
	m.plans = append(m.plans, p)
	return p, nil
}

type mockPlan struct {
	device           *mock
	op               backend.Op
	binder           *backend.Binder
	workspace, saved int64
	closed           bool
}

func (p *mockPlan) Op() backend.Op   { return p.op }
func (p *mockPlan) Workspace() int64 { return p.workspace }
func (p *mockPlan) Saved() int64     { return p.saved }

func (p *mockPlan) Close() error {
	p.closed = true
	p.device.plans = slices.DeleteFunc(p.device.plans, func(o *mockPlan) bool { return o == p })
	return nil
}

func (p *mockPlan) Run(args backend.Args, s backend.Scratch) error {
	m := p.device
	if err := m.enter(p.op.String(), true); err != nil {
		return err
	}
	defer m.leave()
	if p.closed {
		return m.fail(p.op.String(), errors.New("plan is closed"))
	}
	list, err := p.bind(args)
	if err != nil {
		return err
	}
	if err := backend.CheckScratch(p, s); err != nil {
		return m.fail("run", err)
	}
	list = slices.Clone(list)
	if m.recording != nil {
		m.recording.steps = append(m.recording.steps, func() error { return p.compute(list, s) })
		if !m.faults.eagerRecord {
			return nil
		}
	}
	return p.compute(list, s)
}

func (p *mockPlan) bind(args backend.Args) ([]backend.Tensor, error) {
	if p.device.faults.allowsOverlap {
		return args.Bind(nil), nil
	}
	list, err := p.binder.Bind(args)
	if err != nil {
		return nil, p.device.fail("run", err)
	}
	for i, o := range p.op.Operands() {
		for j, other := range p.op.Operands() {
			if p.device.faults.refusesInPlace && o.InPlace == other.Name && list[i].Off == list[j].Off {
				return nil, p.device.fail(p.op.String(), backend.ErrArgs)
			}
		}
	}
	return list, nil
}

// compute decodes the operands, asks ref, and stores the outputs.
func (p *mockPlan) compute(list []backend.Tensor, s backend.Scratch) error {
	m := p.device
	m.runs++
	raws, values := make([][]byte, len(list)), make([]*ref.Tensor, len(list))
	for i, t := range list {
		raw, err := m.access(p.op.String(), t.Buf, t.Off, t.Bytes())
		if err != nil {
			return err
		}
		raws[i] = raw
		if values[i], err = ref.FromBytes(t.Desc, raw); err != nil {
			return err
		}
	}
	old := make([]*ref.Tensor, len(values))
	for i := range values {
		old[i] = values[i].Clone()
	}
	if err := ref.Run(m.spoilOp(p.op), values); err != nil {
		return err
	}
	p.spoilValues(old, values)
	if err := p.mark(s, values); err != nil {
		return err
	}
	for i, o := range p.op.Operands() {
		if o.Role != backend.In {
			p.store(raws[i], values[i], list[i])
		}
	}
	if m.faults.changesInput && p.op.Operands()[0].Role == backend.In {
		raws[0][0] ^= 1
	}
	return nil
}

// mark leaves a trace of x in saved memory in the first pass and looks for it in the second.
func (p *mockPlan) mark(s backend.Scratch, values []*ref.Tensor) error {
	block, ok := p.op.(backend.ConvBNAct)
	if !ok {
		return nil
	}
	saved, err := p.device.access("saved", s.Saved.Buf, s.Saved.Off, savedBytes)
	if err != nil {
		return err
	}
	if block.Pass == backend.Forward || block.Pass == backend.Prepare {
		for i := range saved {
			saved[i] = byte(i + 1)
		}
		return nil
	}
	if saved[0] != 1 || saved[savedBytes-1] != savedBytes || p.device.faults.forgetSaved {
		clear(values[len(values)-1].V) // what comes of garbage
	}
	return nil
}

// Record implements backend.Recorder.
func (m *mock) Record(step func() error) (backend.Recording, error) {
	if m.recording != nil {
		return nil, m.fail("record", backend.ErrRecording)
	}
	r := &mockRecording{device: m}
	m.recording = r
	err := step()
	m.recording = nil
	return r, err
}

type mockRecording struct {
	device *mock
	steps  []func() error
}

func (r *mockRecording) Run() error {
	if err := r.device.enter("replay", false); err != nil {
		return err
	}
	defer r.device.leave()
	saved := r.device.faults.ignoresFreed
	r.device.faults.ignoresFreed = saved || r.device.faults.staleRecord
	defer func() { r.device.faults.ignoresFreed = saved }()
	for _, step := range r.steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (r *mockRecording) Close() error { return nil }
