package backendtest

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"mnv2/backend"
)

// Options say what the suite may expect of a device.
type Options struct {
	// Allow lists operations that the device may lack, by name ("Update") or name and pass ("Conv2D grad-weight").
	// All others must be supported. An allowed one that is missing is counted in the summary.
	Allow []string
	// LeaveOut names groups of tests that need operations which the device does not have yet.
	LeaveOut []string
	// OpenVariants opens the same device set up in ways that must not change a bit: other counts of threads.
	OpenVariants map[string]func() (backend.Backend, error)
	// NoNonFinite leaves out the cases with NaN and infinity among the inputs, for libraries that document other rules.
	NoNonFinite bool
	// HalfFilterGrads accepts, of convolutions in half precision, gradients of filter and bias that were rounded to the type
	// of the activations before they became float32, for libraries that give them in no other type.
	HalfFilterGrads bool
	// HalfBias accepts, of convolutions in half precision, products that were rounded before the bias, itself rounded, was
	// added, for matrix units that give nothing wider.
	HalfBias bool
	// Saturates says that results too large for float16 become the largest number, and that the first AllFinite afterwards
	// tells of it, whatever it looks at.
	Saturates bool
	// InferenceOnly says that the device cannot train: steps of several operations then end with inference. What it lacks stands in Allow.
	InferenceOnly bool
	// FailNth makes the n-th call of the device's library fail from now on, counted from 1; 0 ends it. Without it the
	// suite cannot inject faults.
	FailNth func(b backend.Backend, n int)

	only string // run only cases whose name contains it; for tests of the suite
}

// wants reports whether the case called name is to run.
func (o Options) wants(name string) bool { return strings.Contains(name, o.only) }

// Run runs the whole suite on the device that open opens. Each call of open must give a device of its own.
func Run(t *testing.T, open func() (backend.Backend, error), o Options) {
	t.Helper()
	run(&goT{t}, open, o, groups)
}

// tester is the part of *testing.T that the suite uses, so that the suite itself can be tested.
type tester interface {
	Helper()
	Name() string
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Failed() bool
	Run(name string, f func(tester)) bool
}

// goT is a *testing.T as a tester.
type goT struct{ *testing.T }

// Run runs f as a subtest.
func (t *goT) Run(name string, f func(tester)) bool {
	return t.T.Run(name, func(t *testing.T) { f(&goT{t}) })
}

// suite is one run.
type suite struct {
	open    func() (backend.Backend, error)
	options Options
	info    backend.Info
	summary summary

	mu       sync.Mutex
	expected map[blockPair]expectation // see expect
}

// run runs some of the groups.
func run(t tester, open func() (backend.Backend, error), o Options, list []group) {
	t.Helper()
	s := &suite{open: open, options: o}
	s.with(t, func(b backend.Backend) { s.info = b.Info() })
	if t.Failed() {
		return
	}
	for _, g := range list {
		if slices.Contains(o.LeaveOut, g.name) {
			t.Logf("left out: %s", g.name)
			continue
		}
		t.Run(g.name, func(t tester) { g.run(s, t) })
	}
	s.summary.log(t, s.info)
}

// group is one part of the suite.
type group struct {
	name string
	run  func(*suite, tester)
}

var groups = []group{
	{"info", (*suite).testInfo},
	{"memory", (*suite).testMemory},
	{"transfer", (*suite).testTransfer},
	{"ops", (*suite).testOps},
	{"fused", (*suite).testFused},
	{"gradients", (*suite).testGradients},
	{"aliasing", (*suite).testAliasing},
	{"order", (*suite).testOrder},
	{"record", (*suite).testRecord},
	{"determinism", (*suite).testDeterminism},
	{"errors", (*suite).testErrors},
	{"goroutines", (*suite).testGoroutines},
}

// with opens a device for f. Closing it afterwards fails if f left buffers or plans behind.
func (s *suite) with(t tester, f func(b backend.Backend)) {
	t.Helper()
	b, err := s.open()
	if err != nil {
		t.Fatalf("open the device: %v", err)
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Errorf("close the device after the test gave everything back: %v", err)
		}
	}()
	f(b)
}

// testInfo wants an Info that the program can work with.
func (s *suite) testInfo(t tester) {
	i := s.info
	if i.Device == "" || i.Model == "" {
		t.Errorf("Info: Device %q, Model %q: want both set", i.Device, i.Model)
	}
	if i.Layout < backend.NCHW || i.Layout > backend.NCHW8c {
		t.Errorf("Info.Layout %v: want nchw, nhwc or nchw8c", i.Layout)
	}
	if len(i.DTypes) == 0 || !slices.Contains(i.DTypes, backend.F32) {
		t.Errorf("Info.DTypes %v: want f32 among them", i.DTypes)
	}
	for _, d := range i.DTypes {
		if !d.IsFloat() {
			t.Errorf("Info.DTypes %v: want floats only", i.DTypes)
		}
	}
}

// compile compiles a primitive. It returns nil, after noting it, if the device lacks it and may.
func (s *suite) compile(t tester, b backend.Backend, op backend.Op, optional bool) backend.Plan {
	t.Helper()
	plan, err := backend.Compile(b, op)
	if err == nil {
		s.summary.note(op, native)
		return plan
	}
	s.refused(t, op, err, optional)
	return nil
}

// refused notes that op is not supported, and fails the test if it should be or for another reason.
func (s *suite) refused(t tester, op backend.Op, err error, optional bool) {
	t.Helper()
	if !isUnsupported(err) {
		t.Errorf("compile %v: %v", op, err)
		return
	}
	s.summary.note(op, missing)
	if !optional && !s.allowed(op) {
		t.Errorf("compile %v: %v", op, err)
	}
}

func (s *suite) allowed(op backend.Op) bool {
	kind := kindOf(op)
	name, _, _ := strings.Cut(kind, " ")
	return slices.Contains(s.options.Allow, kind) || slices.Contains(s.options.Allow, name)
}

// kindOf returns an operation's name and pass: "Conv2D grad-weight", "Add". The rules of an Update beyond the first two are kinds
// of their own: "Update adam".
func kindOf(op backend.Op) string {
	if o, ok := op.(backend.Update); ok && o.Rule > backend.Nesterov {
		return "Update " + o.Rule.String()
	}
	name, rest, _ := strings.Cut(op.String(), "(")
	first, _, _ := strings.Cut(rest, " ")
	for p := backend.Forward; p <= backend.Prepare; p++ {
		if first == p.String() {
			return name + " " + first
		}
	}
	return name
}

// kindName returns an operation's name alone: "Conv2D".
func kindName(op backend.Op) string {
	name, _, _ := strings.Cut(op.String(), "(")
	return name
}
