package cpu

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

// fixture is a plan on a device of its own, with memory for it.
type fixture struct {
	device  *Device
	plan    backend.Plan
	tensors []backend.Tensor
	args    listArgs
	scratch backend.Scratch
	buffers []backend.Buffer
}

// listArgs are arguments in binding order.
type listArgs struct{ tensors []backend.Tensor }

// Bind implements backend.Args.
func (a *listArgs) Bind(dst []backend.Tensor) []backend.Tensor { return append(dst, a.tensors...) }

// openDevice opens a device that must be empty when the test ends.
func openDevice(t testing.TB, o Options) *Device {
	t.Helper()
	b, err := Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b.(*Device)
}

// newCase compiles op on a new device with the given threads and fills its float operands with numbers between 0 and 1.
func newCase(t testing.TB, threads int, op backend.Op) *fixture {
	t.Helper()
	f := &fixture{device: openDevice(t, Options{Threads: threads})}
	plan, err := backend.Compile(f.device, op)
	require.NoError(t, err)
	f.plan = plan
	rng := rand.New(rand.NewPCG(1, 2))
	for _, o := range op.Operands() {
		buf := f.alloc(t, o.Desc.Bytes())
		if o.Desc.DType == backend.F32 {
			numbers := slab[float32](buf.(*buffer).mem)
			for i := range numbers {
				numbers[i] = rng.Float32()
			}
		}
		f.tensors = append(f.tensors, backend.Tensor{Desc: o.Desc, Buf: buf})
	}
	f.args.tensors = f.tensors
	if n := plan.Workspace(); n > 0 {
		f.scratch.Workspace = backend.Bytes(f.alloc(t, n), 0, n)
	}
	t.Cleanup(func() { f.close(t) })
	return f
}

func (f *fixture) alloc(t testing.TB, bytes int64) backend.Buffer {
	t.Helper()
	buf, err := f.device.Alloc(bytes, "test")
	require.NoError(t, err)
	f.buffers = append(f.buffers, buf)
	return buf
}

func (f *fixture) run(t testing.TB) { require.NoError(t, f.plan.Run(&f.args, f.scratch)) }

func (f *fixture) close(t testing.TB) {
	t.Helper()
	require.NoError(t, f.plan.Close())
	for _, buf := range f.buffers {
		require.NoError(t, buf.Free())
	}
}
