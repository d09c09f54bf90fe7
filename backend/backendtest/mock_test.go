package backendtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// mock is a device that computes by ref on host memory. It is right unless told otherwise, so that the suite and the gate
// can be tested themselves.
type mock struct {
	info      backend.Info
	faults    faults
	busy      atomic.Bool
	closed    bool
	buffers   []*mockBuffer
	plans     []*mockPlan
	recording *mockRecording // being made
	calls     int            // counted for failNth
	failNth   int
	runs      int
	late      struct{ dst, src []byte } // a copy that a faulty mock makes when the data is asked for
}

// faults are ways to be wrong, each of which the suite must catch.
type faults struct {
	dirtyPadding   bool    // leaves what was in the padding lanes of outputs
	nanPadding     bool    // fills them with NaN, as a kernel does that ignores them
	leak           bool    // says nothing about live buffers
	overrun        bool    // writes one element after the last output
	changesInput   bool    // writes to an input
	lastElement    bool    // does not write the last element of outputs
	random         bool    // differs in the last bit from run to run
	threads        float64 // result depends on this, as on a count of threads
	forgetSaved    bool    // backward of a native block ignores what forward saved
	relative       float64 // relative error of all results
	momentum       bool    // uses batch norm's momentum the wrong way round
	biased         bool    // moving variance without M/(M-1)
	naiveVariance  bool    // mean square minus squared mean, in float32
	adds           bool    // gradients are added to what was there
	reusesUpload   bool    // uploads see what the source holds later
	ignoresFreed   bool    // runs on freed buffers
	ignoresForeign bool    // runs on buffers of other devices
	refusesInPlace bool
	allowsOverlap  bool // does not check arguments
	serial         bool // lets goroutines in one by one without a word
	eagerRecord    bool // executes while recording
	staleRecord    bool // replays on freed buffers
	leakOnFailure  bool // keeps a buffer if a later call fails
	dirtyAlloc     bool // memory is not zeroed
}

func newMock(f faults) *mock {
	return &mock{faults: f, info: backend.Info{Device: "mock:0", Model: "loops over ref", Layout: backend.NCHW8c,
		DTypes: []backend.DType{backend.F32}}}
}

type mockBuffer struct {
	owner *mock
	raw   []byte
	label string
	freed bool
}

func (b *mockBuffer) Size() int64 { return int64(len(b.raw)) }

func (b *mockBuffer) Free() error {
	if b.freed {
		return &backend.Error{Device: b.owner.info.Device, Op: fmt.Sprintf("free %q", b.label), Err: backend.ErrFreed}
	}
	b.freed = true
	b.owner.buffers = slices.DeleteFunc(b.owner.buffers, func(o *mockBuffer) bool { return o == b })
	return nil
}

func (m *mock) Info() backend.Info { return m.info }

// enter begins a method: it refuses concurrent use and use after Close, and counts calls for fault injection.
func (m *mock) enter(what string, whileRecording bool) error {
	for !m.busy.CompareAndSwap(false, true) {
		if !m.faults.serial {
			return m.fail(what, backend.ErrConcurrent)
		}
	}
	m.calls++
	switch {
	case m.closed:
		m.leave()
		return m.fail(what, errors.New("device is closed"))
	case m.recording != nil && !whileRecording && !m.faults.eagerRecord:
		m.leave()
		return m.fail(what, backend.ErrRecording)
	case m.calls == m.failNth:
		if m.faults.leakOnFailure {
			m.buffers = append(m.buffers, &mockBuffer{owner: m, label: "left behind"})
		}
		m.leave()
		return m.fail(what, errors.New("injected"))
	}
	return nil
}

func (m *mock) leave() { m.busy.Store(false) }

func (m *mock) fail(what string, err error) error {
	return &backend.Error{Device: m.info.Device, Op: what, Err: err}
}

func (m *mock) Alloc(n int64, label string) (backend.Buffer, error) {
	what := fmt.Sprintf("alloc %d bytes for %q", n, label)
	if err := m.enter(what, false); err != nil {
		return nil, err
	}
	defer m.leave()
	if n < 0 {
		return nil, m.fail(what, backend.ErrArgs)
	}
	if n > 1<<32 {
		return nil, m.fail(what, backend.ErrOutOfMemory)
	}
	b := &mockBuffer{owner: m, raw: make([]byte, n), label: label}
	if m.faults.dirtyAlloc {
		copy(b.raw, []byte{1})
	}
	m.buffers = append(m.buffers, b)
	return b, nil
}

// access returns n bytes of buf from off.
func (m *mock) access(what string, buf backend.Buffer, off, n int64) ([]byte, error) {
	b, ok := buf.(*mockBuffer)
	switch {
	case !ok || (b.owner != m && !m.faults.ignoresForeign):
		return nil, m.fail(what, backend.ErrForeign)
	case b.freed && !m.faults.ignoresFreed:
		return nil, m.fail(fmt.Sprintf("%s %q", what, b.label), backend.ErrFreed)
	case off < 0 || off > b.Size() || n > b.Size()-off:
		return nil, m.fail(what, backend.ErrArgs)
	}
	return b.raw[off : off+n], nil
}

func (m *mock) Upload(dst backend.Buffer, off int64, src []byte) error {
	if err := m.enter("upload", false); err != nil {
		return err
	}
	defer m.leave()
	raw, err := m.access("upload", dst, off, int64(len(src)))
	if err == nil {
		copy(raw, src)
		if m.faults.reusesUpload && len(src) > 1<<16 {
			m.late.dst, m.late.src = raw, src
		}
	}
	return err
}

func (m *mock) Download(dst []byte, src backend.Buffer, off int64) error {
	if err := m.enter("download", false); err != nil {
		return err
	}
	defer m.leave()
	copy(m.late.dst, m.late.src)
	m.late.dst, m.late.src = nil, nil
	raw, err := m.access("download", src, off, int64(len(dst)))
	if err == nil {
		copy(dst, raw)
	}
	return err
}

func (m *mock) Sync() error {
	if err := m.enter("sync", false); err != nil {
		return err
	}
	m.leave()
	return nil
}

func (m *mock) Close() error {
	if m.closed {
		return nil
	}
	var live []string
	for _, b := range m.buffers {
		live = append(live, fmt.Sprintf("buffer %q", b.label))
	}
	for _, p := range m.plans {
		live = append(live, p.op.String())
	}
	if len(live) > 0 && !m.faults.leak {
		return m.fail("close with "+strings.Join(live, ", "), backend.ErrLive)
	}
	m.closed = true
	return nil
}

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
