package backendtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"mnv2/backend"
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
