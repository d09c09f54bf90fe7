package backendtest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

// recorder is a tester that writes down what happens instead of failing.
type recorder struct {
	name   string
	failed bool
	log    *[]string
	mu     *sync.Mutex // of log and failed
}

func newRecorder() *recorder { return &recorder{name: "suite", log: &[]string{}, mu: &sync.Mutex{}} }

func (r *recorder) Helper()      {}
func (r *recorder) Name() string { return r.name }

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *recorder) Logf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*r.log = append(*r.log, r.name+": "+fmt.Sprintf(format, args...))
}

func (r *recorder) Errorf(format string, args ...any) {
	r.Logf("FAIL "+format, args...)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// Run runs f as a subtest on a goroutine of its own, which Fatalf may end.
func (r *recorder) Run(name string, f func(tester)) bool {
	sub := &recorder{name: r.name + "/" + name, log: r.log, mu: r.mu}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(sub)
	}()
	<-done
	failed := sub.Failed()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = r.failed || failed
	return !failed
}

// failures returns the lines of failures.
func (r *recorder) failures() []string {
	var list []string
	for _, line := range *r.log {
		if strings.Contains(line, ": FAIL ") {
			list = append(list, line)
		}
	}
	return list
}

// mockOptions are what a right mock passes with.
func openMock(f faults) func() (backend.Backend, error) {
	return func() (backend.Backend, error) { return newMock(f), nil }
}

func TestSuitePassesOnTheMock(t *testing.T) {
	Run(t, openMock(faults{}), Options{})
}

func TestSuiteReportsADeviceThatDoesNotOpen(t *testing.T) {
	r := newRecorder()
	r.Run("open", func(t tester) {
		run(t, func() (backend.Backend, error) { return nil, backend.ErrUnavailable }, Options{}, groups)
	})
	require.Len(t, r.failures(), 1)
	assert.Contains(t, r.failures()[0], "device not available")
}

func FuzzMockOps(f *testing.F) { FuzzOps(f, openMock(faults{}), Options{}) }

// TestSuitePassesOnACheckedMock leaves out the groups about numbers that the wrapper has no part in.
func TestSuitePassesOnACheckedMock(t *testing.T) {
	list := slices.DeleteFunc(slices.Clone(groups), func(g group) bool { return g.name == "gradients" || g.name == "determinism" })
	run(&goT{t}, func() (backend.Backend, error) {
		return backend.CheckedWith(newMock(faults{}), backend.CheckOptions{Values: true}), nil
	}, Options{NoNonFinite: true, only: "n=2"}, list)
}

// TestSuitePassesInEveryLayoutAndType runs the groups about numbers on mocks that prefer something else.
func TestSuitePassesInEveryLayoutAndType(t *testing.T) {
	list := slices.DeleteFunc(slices.Clone(groups), func(g group) bool { return !slices.Contains([]string{"ops", "fused"}, g.name) })
	for _, c := range []struct {
		layout backend.Layout
		dtypes []backend.DType
	}{
		{backend.NHWC, []backend.DType{backend.F16}},
		{backend.NCHW, []backend.DType{backend.BF16}},
	} {
		t.Run(c.layout.String(), func(t *testing.T) {
			run(&goT{t}, func() (backend.Backend, error) {
				m := newMock(faults{})
				m.info.Layout, m.info.DTypes = c.layout, c.dtypes
				return m, nil
			}, Options{only: "n=2"}, list)
		})
	}
}
