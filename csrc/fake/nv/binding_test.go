//go:build cgo && linux

package fakenv_test

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fakenv "mnv2/csrc/fake/nv"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
	"mnv2/internal/shareddata"
)

// fakeFolder has the stand-ins of all tests of this package; fakeErr says why not.
var (
	fakeFolder string
	fakeErr    error
)

func TestMain(m *testing.M) {
	fakeFolder, fakeErr = fakenv.Kept()
	os.Exit(m.Run())
}

// fake returns the stand-ins' controls after a reset with the environment of the test. The test must leave nothing alive and
// do nothing that a device would not forgive.
func fake(t *testing.T) *fakenv.Control {
	t.Helper()
	if errors.Is(fakeErr, fakenv.ErrNoCompiler) {
		shareddata.Skip(t, "gcc", fakeErr)
	}
	require.NoError(t, fakeErr)
	runtime.LockOSThread() // the current context belongs to the thread
	t.Cleanup(runtime.UnlockOSThread)
	control, err := fakenv.Attach(fakeFolder)
	require.NoError(t, err)
	control.Reset()
	return control
}

func clean(t *testing.T, control *fakenv.Control) {
	t.Helper()
	assert.Empty(t, control.Misuse())
	assert.Empty(t, control.Live())
}

func loadFake(t *testing.T) *nv.Library {
	t.Helper()
	l, err := nv.Load(nv.Options{Dirs: []string{fakeFolder}, Only: true})
	require.NoError(t, err)
	return l
}

func TestFakeDevice(t *testing.T) {
	control := fake(t)
	l := loadFake(t)
	assert.Equal(t, 12090, l.DriverVersion())
	assert.Len(t, l.Files(), 4)
	n, err := l.DeviceCount()
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	c, err := l.Open(0)
	require.NoError(t, err)
	d := c.Device()
	assert.Equal(t, "sm_90", d.Arch())
	assert.Equal(t, "00010203-0405-0607-0809-0a0b0c0d0e0f", d.UUID)
	assert.Equal(t, "0000:01:00.0", d.PCIBusID)
	assert.Equal(t, 232448, d.SharedPerBlock)
	free, total, err := c.MemInfo()
	require.NoError(t, err)
	assert.Equal(t, total, free)
	assert.EqualValues(t, 8<<30, total)
	require.NoError(t, c.Close())
	clean(t, control)
}

// both runs a test with work that waits until somebody waits for it, and with work that runs at once.
func both(t *testing.T, f func(t *testing.T)) {
	for _, queue := range []string{"lazy", "eager"} {
		t.Run(queue, func(t *testing.T) {
			t.Setenv("MNV2_FAKE_QUEUE", queue)
			f(t)
		})
	}
}

func TestFakeMemoryRoundTrip(t *testing.T) {
	both(t, func(t *testing.T) {
		control := fake(t)
		c, err := loadFake(t).Open(0)
		require.NoError(t, err)
		s, err := c.NewStream(0)
		require.NoError(t, err)
		other, err := c.NewStream(-1)
		require.NoError(t, err)
		e, err := c.NewEvent(false)
		require.NoError(t, err)
		host, err := c.AllocHost(64)
		require.NoError(t, err)
		a, err := c.Alloc(32)
		require.NoError(t, err)
		b, err := c.AllocAsync(32, s)
		require.NoError(t, err)
		for i := range host.Bytes() {
			host.Bytes()[i] = byte(i)
		}
		require.NoError(t, c.CopyIn(a, host, 0, 32, s))
		require.NoError(t, c.Copy(b, a, 32, s))
		require.NoError(t, c.Fill8(b, 0xEE, 1, s))
		require.NoError(t, c.Fill32(b+4, 0x01020304, 2, s))
		require.NoError(t, c.RecordEvent(e, s))
		require.NoError(t, c.WaitEvent(other, e)) // all of the above happens before
		require.NoError(t, c.CopyOut(host, 32, b, 32, other))
		require.NoError(t, c.SyncStream(other))
		done, err := c.EventDone(e)
		require.NoError(t, err)
		assert.True(t, done)
		want := []byte{0xEE, 1, 2, 3, 4, 3, 2, 1, 4, 3, 2, 1, 12, 13}
		assert.Equal(t, want, host.Bytes()[32:32+len(want)])

		require.NoError(t, c.FreeAsync(b, s))
		require.NoError(t, c.Synchronize())
		require.NoError(t, c.Free(a))
		require.NoError(t, host.Free())
		require.NoError(t, c.DestroyEvent(e))
		require.NoError(t, c.DestroyStream(other))
		require.NoError(t, c.DestroyStream(s))
		require.NoError(t, c.Close())
		clean(t, control)
	})
}

func TestFakeMemoryRunsOut(t *testing.T) {
	t.Setenv("MNV2_FAKE_MEMORY", "1000000")
	control := fake(t)
	c, err := loadFake(t).Open(0)
	require.NoError(t, err)
	_, err = c.Alloc(1000001)
	require.ErrorIs(t, err, nv.ErrOutOfMemory)
	assert.ErrorContains(t, err, "allocate 1000001 bytes: cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY (2)")
	require.NoError(t, c.Close())
	clean(t, control)
}

func floats(b []byte) []float32 {
	list := make([]float32, len(b)/4)
	for i := range list {
		list[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return list
}

func elements() nv.Source {
	return nv.Source{Name: kernels.Elements, Text: kernels.Text(kernels.Elements), Options: []string{"-DTYPE=F32"},
		Headers: []nv.Header{{Name: "common.cuh", Text: kernels.Text("common.cuh")}}}
}

// TestFakeKernel compiles a kernel of csrc/kernels, launches it, records it and replays the recording.
func TestFakeKernel(t *testing.T) {
	both(t, func(t *testing.T) {
		control := fake(t)
		l := loadFake(t)
		c, err := l.Open(0)
		require.NoError(t, err)
		made, err := l.Compile(elements(), c.Device().Arch())
		require.NoError(t, err)
		m, err := c.LoadModule(made.Cubin)
		require.NoError(t, err)
		f, err := c.Function(m, "add")
		require.NoError(t, err)
		_, err = c.Function(m, "none")
		require.ErrorContains(t, err, "find kernel none: cuModuleGetFunction: CUDA_ERROR_NOT_FOUND (500)")
		s, err := c.NewStream(0)
		require.NoError(t, err)
		const n = 5
		x, err := c.Alloc(4 * n)
		require.NoError(t, err)
		y, err := c.Alloc(4 * n)
		require.NoError(t, err)
		host, err := c.AllocHost(4 * n)
		require.NoError(t, err)
		require.NoError(t, c.Fill32(x, math.Float32bits(2), n, s))
		launch, err := c.NewLaunch(f, nv.LaunchConfig{Grid: [3]uint32{2}, Block: [3]uint32{32}},
			nv.PtrArg(x), nv.PtrArg(y), nv.Float32Arg(3), nv.Float32Arg(0), nv.Int64Arg(n))
		require.NoError(t, err)
		require.NoError(t, launch.Queue(s)) // y = 3*2
		launch.SetFloat32(3, 1)

		require.NoError(t, c.BeginCapture(s))
		require.NoError(t, c.QueueAll(s, []*nv.Launch{launch, launch})) // y += 6, twice
		g, err := c.EndCapture(s)
		require.NoError(t, err)
		nodes, err := c.GraphNodes(g)
		require.NoError(t, err)
		assert.Equal(t, 2, nodes)
		exec, err := c.Instantiate(g)
		require.NoError(t, err)
		require.NoError(t, c.DestroyGraph(g))
		launch.Close() // the recording has its own copy of the arguments
		for range 3 {
			require.NoError(t, c.LaunchGraph(exec, s))
		}
		require.NoError(t, c.CopyOut(host, 0, y, 4*n, s))
		require.NoError(t, c.SyncStream(s))
		assert.Equal(t, []float32{42, 42, 42, 42, 42}, floats(host.Bytes()))

		require.NoError(t, c.DestroyGraphExec(exec))
		require.NoError(t, host.Free())
		require.NoError(t, c.Free(x))
		require.NoError(t, c.Free(y))
		require.NoError(t, c.DestroyStream(s))
		require.NoError(t, c.UnloadModule(m))
		require.NoError(t, c.Close())
		clean(t, control)
	})
}
