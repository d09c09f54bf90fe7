package cpu

import (
	"math"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

func TestAllocIsAligned(t *testing.T) {
	d := openDevice(t, Options{Threads: 1})
	for _, n := range []int64{1, 63, 64, 65, 1000, 1 << 20} {
		b, err := d.Alloc(n, "piece")
		require.NoError(t, err)
		mem := b.(*buffer).mem
		assert.Len(t, mem, int(n))
		assert.Zero(t, uintptr(unsafe.Pointer(&mem[0]))%backend.Alignment)
		require.NoError(t, b.Free())
	}
}

func TestOutOfMemory(t *testing.T) {
	d := openDevice(t, Options{Threads: 1, Memory: 1000})
	var live []backend.Buffer
	for label, n := range map[string]int64{"a": 100, "b": 300, "c": 200, "d": 50} {
		b, err := d.Alloc(n, label)
		require.NoError(t, err)
		live = append(live, b)
	}
	for _, n := range []int64{351, math.MaxInt64} {
		_, err := d.Alloc(n, "more")
		require.ErrorIs(t, err, backend.ErrOutOfMemory)
		require.ErrorContains(t, err, `for "more", 350 of 1000 are free; largest in use: "b" 300, "c" 200, "a" 100`)
	}
	for _, b := range live {
		require.NoError(t, b.Free())
	}
	b, err := d.Alloc(1000, "all")
	require.NoError(t, err, "freed memory can be had again")
	require.NoError(t, b.Free())
}

// TestNoMemoryForGo asks for more than Go can address, with a limit that lets it pass.
func TestNoMemoryForGo(t *testing.T) {
	d := openDevice(t, Options{Threads: 1, Memory: math.MaxInt64})
	for _, n := range []int64{math.MaxInt64, 1 << 60} {
		_, err := d.Alloc(n, "absurd")
		require.ErrorIs(t, err, backend.ErrOutOfMemory)
	}
	_, err := d.Alloc(-1, "negative")
	require.ErrorIs(t, err, backend.ErrArgs)
}

func TestCloseNamesWhatIsLive(t *testing.T) {
	d := openDevice(t, Options{Threads: 1})
	b, err := d.Alloc(10, "weights")
	require.NoError(t, err)
	plan, err := d.Compile(backend.Fill{Desc: backend.Vec(backend.F32, 3)})
	require.NoError(t, err)
	err = d.Close()
	require.ErrorIs(t, err, backend.ErrLive)
	require.ErrorContains(t, err, `buffer "weights" (10 bytes), plan Fill(0 f32 nchw 1x1x1x3)`)
	require.NoError(t, b.Free(), "the device is still open")
	require.NoError(t, plan.Close())
}

func TestHostMemory(t *testing.T) {
	assert.GreaterOrEqual(t, hostMemory(), int64(0))
}

// TestLargeBuffers uses and frees buffers that get pages of their own: each must come back zeroed.
func TestLargeBuffers(t *testing.T) {
	d := openDevice(t, Options{Threads: 1})
	n := int64(64 << 20)
	for i := range 4 {
		b, err := d.Alloc(n, "large")
		require.NoError(t, err)
		own := b.(*buffer)
		require.Zero(t, own.mem[n-1], "round %d", i)
		own.mem[n-1] = 1
		require.NoError(t, b.Free())
		require.ErrorIs(t, b.Free(), backend.ErrFreed)
	}
}

// TestRelease forgets a buffer of its own pages, which can be written again.
func TestRelease(t *testing.T) {
	d := openDevice(t, Options{Threads: 1})
	for _, size := range []int64{100, 3 * ownPages} {
		b, err := d.Alloc(size, "forgotten")
		require.NoError(t, err)
		data := []byte{1, 2, 3, 4}
		require.NoError(t, d.Upload(b, 0, data))
		require.NoError(t, d.Release(b))
		require.NoError(t, d.Upload(b, 0, data))
		got := make([]byte, 4)
		require.NoError(t, d.Download(got, b, 0))
		require.Equal(t, data, got)
		require.NoError(t, b.Free())
		require.ErrorIs(t, d.Release(b), backend.ErrFreed)
	}
	require.NoError(t, d.Close())
	require.Error(t, d.Release(nil))
}
