//go:build cgo && linux

package cuda

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/csrc/nv"
)

// open opens the stand-in and closes it when the test ends.
func open(t *testing.T) *Device {
	t.Helper()
	b, err := Open(0, Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Close()) })
	return b.(*Device)
}

func TestOutOfMemorySaysWhoHasIt(t *testing.T) {
	standIn(t, "MNV2_FAKE_MEMORY=1000000")
	d := open(t)
	small, err := d.Alloc(1000, "gradients")
	require.NoError(t, err)
	large, err := d.Alloc(700000, "activations")
	require.NoError(t, err)
	_, err = d.Alloc(400000, "workspace")
	require.ErrorIs(t, err, backend.ErrOutOfMemory)
	assert.ErrorContains(t, err, `alloc 400000 bytes for "workspace"`)
	assert.ErrorContains(t, err, `of 1000000 bytes are free; largest in use: "activations" 700000, "gradients" 1000`)
	assert.NoError(t, large.Free())
	assert.NoError(t, small.Free())
}

// TestUploadsOfAllSizes sends more than the ring holds, in sizes on both sides of its limits, before anybody waits.
func TestUploadsOfAllSizes(t *testing.T) {
	standIn(t)
	d := open(t)
	const size = 3 << 20
	b, err := d.Alloc(size, "b")
	require.NoError(t, err)
	want := make([]byte, size)
	off := int64(0)
	for i, n := range []int{1, direct, direct + 1, 1 << 19, 300, 1 << 18, 1 << 20, 17, 1 << 20, 5, 100000} {
		src := bytes.Repeat([]byte{byte(i + 1)}, n)
		require.NoError(t, d.Upload(b, off%(size-1<<20), src))
		copy(want[off%(size-1<<20):], src)
		for j := range src {
			src[j] = 0xEE // the caller's slice is free
		}
		off += int64(n) + 13
	}
	got := make([]byte, size)
	require.NoError(t, d.Download(got, b, 0))
	assert.True(t, bytes.Equal(want, got))
	require.NoError(t, b.Free())
}

func TestRing(t *testing.T) {
	r := ring{size: 4 * slot}
	for i, c := range []struct {
		n    int64
		at   int64
		wait []nv.Event
	}{
		{1, 0, nil},                         // 1 at slot 0
		{slot + 1, slot, nil},               // 2 at slots 1 and 2
		{slot, 3 * slot, nil},               // 3 at slot 3: full
		{1, 0, []nv.Event{1}},               // 4
		{1, slot, []nv.Event{2}},            // 5: all of 2 ends
		{1, 2 * slot, nil},                  // 6
		{2 * slot, 0, []nv.Event{3, 4, 5}},  // 7: 3 is older than what lies in the way
		{2 * slot, 2 * slot, []nv.Event{6}}, // 8
		{2 * slot, 0, []nv.Event{7}},        // 9
		{slot + 1, 2 * slot, []nv.Event{8}}, // 10
		{2 * slot, 0, []nv.Event{9}},        // 11
	} {
		at, used := r.place(c.n, nv.Event(i+1))
		var wait []nv.Event
		for _, p := range used {
			wait = append(wait, p.done)
		}
		assert.Equal(t, c.at, at, "piece %d", i+1)
		assert.Equal(t, c.wait, wait, "piece %d", i+1)
	}
}

// TestScratchOfAPlan wants pieces of scratch and of what a pair keeps to begin on slots of their own.
func TestScratchOfAPlan(t *testing.T) {
	p := &program{}
	assert.Equal(t, []value{{inWork, 0, 0}, {inWork, 0, slot}, {inWork, 0, 3 * slot}}, []value{p.temp(1), p.temp(slot + 1), p.temp(8)})
	assert.Equal(t, []value{{inSaved, 0, 0}, {inSaved, 0, slot}}, []value{p.keep(slot), p.keep(3)})
	assert.EqualValues(t, 4*slot, p.work)
	assert.EqualValues(t, 2*slot, p.saved)
}
