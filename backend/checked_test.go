package backend

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkedRig is a checked fake with a plan for an Add whose behaviour the test chooses.
type checkedRig struct {
	device Backend
	fake   *fake
	plan   Plan
	inner  *fakePlan
	x, y   Buffer
	args   *AddArgs
}

func newCheckedRig(t *testing.T, d Desc, o CheckOptions) *checkedRig {
	t.Helper()
	f := primitivesOnly()
	r := &checkedRig{device: CheckedWith(f, o), fake: f}
	var err error
	r.plan, err = Compile(r.device, Add{Desc: d, A: 1, B: 1})
	require.NoError(t, err)
	r.inner = r.plan.(*checkedPlan).Plan.(*fakePlan)
	r.inner.work = 0
	r.x, err = r.device.Alloc(d.Bytes(), "images")
	require.NoError(t, err)
	r.y, err = r.device.Alloc(d.Bytes(), "logits")
	require.NoError(t, err)
	r.args = &AddArgs{X: Tensor{Desc: d, Buf: r.x}, Y: Tensor{Desc: d, Buf: r.y}}
	return r
}

// y returns the memory that the device itself sees as operand y, with everything around it.
func (r *checkedRig) memory() (raw []byte, off int64) {
	t := r.inner.seen[1]
	return t.Buf.(*fakeBuffer).raw, t.Off
}

func TestCheckedWaitsAfterEveryOperation(t *testing.T) {
	r := newCheckedRig(t, Vec(F32, 10), CheckOptions{})
	require.NoError(t, r.plan.Run(r.args, Scratch{}))
	assert.Equal(t, []string{"Add", "sync"}, r.fake.ran)
}

func TestCheckedNamesTheOperationAndTheBuffer(t *testing.T) {
	d := Vec(F32, 10)
	for name, c := range map[string]struct {
		at   int64 // relative to the operand
		says string
	}{
		"just before":   {-1, `wrote before buffer "logits", 1 bytes away`},
		"far before":    {-guardBytes, `wrote before buffer "logits", 1024 bytes away`},
		"just after":    {d.Bytes(), `wrote after buffer "logits", 0 bytes away`},
		"further after": {d.Bytes() + 500, `wrote after buffer "logits", 500 bytes away`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newCheckedRig(t, d, CheckOptions{})
			r.inner.run = func(*fakePlan) error {
				raw, off := r.memory()
				raw[off+c.at]++
				return nil
			}
			err := r.plan.Run(r.args, Scratch{})
			require.ErrorIs(t, err, ErrChecked)
			assert.ErrorContains(t, err, "fake:0: Add(1*x + 1*y f32 nchw 1x1x1x10)")
			assert.ErrorContains(t, err, c.says)
			r.inner.run = nil
			assert.NoError(t, r.plan.Run(r.args, Scratch{}), "damage is reported once")
		})
	}
}

func TestCheckedValues(t *testing.T) {
	d := Desc{F32, NCHW8c, 1, 1, 2, 3}
	set := func(r *checkedRig, element int, v float32) {
		raw, off := r.memory()
		binary.LittleEndian.PutUint32(raw[int(off)+4*element:], math.Float32bits(v))
	}
	for name, c := range map[string]struct {
		element int
		value   float32
		says    string
	}{
		"NaN":      {2, float32(math.NaN()), `output "y" is not finite at element 2`},
		"infinity": {8, float32(math.Inf(-1)), `output "y" is not finite at element 8`},
		"padding":  {13, 1, `output "y" is not zero in the padding lane at element 13`},
		"fine":     {10, math.MaxFloat32, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newCheckedRig(t, d, CheckOptions{Values: true})
			r.inner.run = func(*fakePlan) error { set(r, c.element, c.value); return nil }
			err := r.plan.Run(r.args, Scratch{})
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrChecked)
			assert.ErrorContains(t, err, c.says)
			require.NoError(t, r.device.Upload(r.x, 0, []byte{0, 0, 0xc0, 0x7f}))
			assert.NoError(t, r.plan.Run(r.args, Scratch{}), "NaN goes in, anything may come out")
		})
	}
}

func TestFirstNonFinite(t *testing.T) {
	for d, bits := range map[DType][2]uint16{F16: {0x7bff, 0xfc00}, BF16: {0x7f7f, 0x7fc0}} {
		raw := make([]byte, 6)
		binary.LittleEndian.PutUint16(raw[2:], bits[0])
		assert.Equal(t, -1, firstNonFinite(Vec(d, 3), raw))
		binary.LittleEndian.PutUint16(raw[4:], bits[1])
		assert.Equal(t, 2, firstNonFinite(Vec(d, 3), raw))
	}
	assert.Equal(t, -1, firstNonFinite(Vec(U8, 2), []byte{255, 255}))
	assert.Equal(t, -1, firstNonFinite(Vec(I32, 1), []byte{255, 255, 255, 255}))
}

func TestCheckedRefuses(t *testing.T) {
	r := newCheckedRig(t, Vec(F32, 16), CheckOptions{})
	foreign := &fakeBuffer{raw: make([]byte, 64)}
	assert.ErrorIs(t, r.device.Upload(foreign, 0, nil), ErrForeign)
	assert.ErrorIs(t, r.device.Download(nil, foreign, 0), ErrForeign)
	bad := *r.args
	bad.X.Buf = foreign
	assert.ErrorIs(t, r.plan.Run(&bad, Scratch{}), ErrForeign)
	assertArgs(t, r.device.Upload(r.x, 60, make([]byte, 8)), `"images", which has 64`)
	assertArgs(t, r.plan.Run(&AddArgs{}, Scratch{}), "got 0 tensors")
	_, err := r.device.Alloc(math.MaxInt64, "all")
	assertArgs(t, err, `"all"`)
	_, err = r.device.Compile(testBlocks()[0].WithPass(Infer, false))
	assert.ErrorIs(t, err, ErrUnsupported)
	r.inner.run = func(*fakePlan) error { return errBroken }
	assert.ErrorIs(t, r.plan.Run(r.args, Scratch{}), errBroken)
	inner := primitivesOnly()
	got, ok := As[*fake](Checked(inner))
	assert.True(t, ok && got == inner, "As looks inside")
}

func TestCheckedRecordsAsAList(t *testing.T) {
	r := newCheckedRig(t, Vec(F32, 16), CheckOptions{})
	recording, err := Record(r.device, func() error {
		assert.ErrorIs(t, r.device.Sync(), ErrRecording)
		return r.plan.Run(r.args, Scratch{})
	})
	require.NoError(t, err)
	assert.Empty(t, r.fake.ran)
	require.NoError(t, recording.Run())
	require.NoError(t, recording.Run())
	assert.Equal(t, []string{"Add", "sync", "Add", "sync"}, r.fake.ran)
	require.NoError(t, recording.Close())
	_, err = Record(r.device, func() error { return errBroken })
	assert.ErrorIs(t, err, errBroken)
	assert.NoError(t, r.device.Sync())
}
