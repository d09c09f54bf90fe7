package backendtest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

// runOn runs one group on a faulty mock and returns what failed.
func runOn(t *testing.T, name string, f faults, o Options) []string {
	t.Helper()
	for _, g := range groups {
		if g.name == name {
			r := newRecorder()
			run(r, openMock(f), o, []group{g})
			return r.failures()
		}
	}
	require.FailNow(t, "no such group", name)
	return nil
}

// TestSuiteCatches plants faults, one at a time, and wants a group to notice in the right words.
func TestSuiteCatches(t *testing.T) {
	rounds := contention
	contention = 20 // a device that serialises goroutines is slow at it
	t.Cleanup(func() { contention = rounds })
	for _, c := range []struct {
		name   string
		faults faults
		group  string
		says   string
		only   string // of the cases, to save time
	}{
		{"padding lanes left as they were", faults{dirtyPadding: true}, "ops", "padding lane", "Activation"},
		{"padding lanes with NaN", faults{nanPadding: true}, "ops", "padding lane", "Activation"},
		{"live buffers forgotten", faults{leak: true}, "memory", "close with a live buffer", ""},
		{"one element too far", faults{overrun: true}, "ops", "memory outside the operands was written: 0 bytes after", "BatchNorm"},
		{"an input changed", faults{changesInput: true}, "ops", "was changed", "BatchNorm"},
		{"the last element not written", faults{lastElement: true}, "ops", "got NaN", "Convert"},
		{"random last bits", faults{random: true}, "determinism", "now and was", "Conv2D(forward"},
		{"saved memory mixed up", faults{forgetSaved: true}, "fused", "fuse auto against ref", "ConvBNAct("},
		{"results off by 1e-5", faults{relative: 1e-5}, "ops", "elements wrong", "Conv2D"},
		{"results off by 2e-6", faults{relative: 2e-6}, "ops", "elements wrong", "BatchNorm"},
		{"fused results off by 1e-3", faults{relative: 1e-3}, "fused", "elements wrong", "InvertedResidual(forward n=2 7x5"},
		{"gradients off by 2e-2", faults{relative: 2e-2}, "gradients", "finite difference", "InvertedResidual(backward n=2 7x5"},
		{"momentum the wrong way round", faults{momentum: true}, "ops", `"runmean"`, "BatchNorm"},
		{"biased moving variance", faults{biased: true}, "ops", `"runvar"`, "BatchNorm"},
		{"naive variance", faults{naiveVariance: true}, "ops", `"invstd"`, "BatchNorm"},
		{"gradients added", faults{adds: true}, "ops", "got NaN", "Conv2D(grad-weight"},
		{"uploads by reference", faults{reusesUpload: true}, "transfer", "held later", ""},
		{"freed buffers used", faults{ignoresFreed: true}, "memory", "freed buffer", ""},
		{"freed operands used", faults{ignoresFreed: true}, "errors", "freed since", ""},
		{"foreign buffers used", faults{ignoresForeign: true}, "memory", "foreign buffer", ""},
		{"in place refused", faults{refusesInPlace: true}, "aliasing", "wrong arguments", "Activation"},
		{"overlap not refused", faults{allowsOverlap: true}, "aliasing", "want an error", "Conv2D"},
		{"arguments not checked", faults{allowsOverlap: true}, "errors", "want an error", "Conv2D"},
		{"concurrent use unnoticed", faults{serial: true}, "goroutines", "device used by two goroutines at once", ""},
		{"executes while recording", faults{eagerRecord: true}, "record", "recording a step executed it", ""},
		{"copies while recording", faults{eagerRecord: true}, "record", "while recording", ""},
		{"replays on freed buffers", faults{staleRecord: true}, "record", "freed", ""},
		{"memory not zeroed", faults{dirtyAlloc: true}, "memory", "not all zero", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			failures := runOn(t, c.group, c.faults, Options{only: c.only})
			require.NotEmpty(t, failures)
			assert.Contains(t, strings.Join(failures, "\n"), c.says)
		})
	}
}

// TestSuiteCatchesResultsThatDependOnThreads opens a variant that rounds differently.
func TestSuiteCatchesResultsThatDependOnThreads(t *testing.T) {
	o := Options{only: "Conv2D(", OpenVariants: map[string]func() (backend.Backend, error){"8 threads": openMock(faults{threads: 0x1p-23})}}
	failures := runOn(t, "determinism", faults{}, o)
	require.NotEmpty(t, failures)
	assert.Contains(t, failures[0], "8 threads")
}

// TestSuiteCatchesMissingOperations wants what a device lacks to be a failure unless it is allowed.
func TestSuiteCatchesMissingOperations(t *testing.T) {
	open := func() (backend.Backend, error) { return lacking{newMock(faults{})}, nil }
	r := newRecorder()
	run(r, open, Options{only: "Update"}, groups[3:4])
	require.NotEmpty(t, r.failures())
	assert.Contains(t, r.failures()[0], "Update(")
	for _, allow := range []string{"Update", "Update momentum"} {
		r = newRecorder()
		run(r, open, Options{Allow: []string{allow}, only: "Update"}, groups[3:4])
		assert.Equal(t, allow == "Update", len(r.failures()) == 0, r.failures())
	}
	assert.Contains(t, strings.Join(*r.log, "\n"), "Update                           native 0, unsupported 16")
}

// lacking is a device without Update.
type lacking struct{ *mock }

// Compile implements backend.Backend.
func (l lacking) Compile(op backend.Op) (backend.Plan, error) {
	if _, ok := op.(backend.Update); ok {
		return nil, backend.Unsupported(l.info.Device, op, "not here")
	}
	return l.mock.Compile(op)
}

// failNth is Options.FailNth for a mock.
func failNth(b backend.Backend, n int) {
	m := b.(*mock)
	m.calls, m.failNth = 0, n
}

func TestSuiteInjectsFailures(t *testing.T) {
	assert.Empty(t, runOn(t, "errors", faults{}, Options{FailNth: failNth, only: "Fill"}))
	failures := runOn(t, "errors", faults{leakOnFailure: true}, Options{FailNth: failNth, only: "Fill"})
	require.NotEmpty(t, failures)
	assert.Contains(t, strings.Join(failures, "\n"), "still in use")
}
