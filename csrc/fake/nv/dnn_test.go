//go:build cgo && linux

package fakenv_test

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fakenv "mnv2/csrc/fake/nv"
	"mnv2/csrc/nv"
)

// dnnRig is cuDNN on the stand-in, with memory for small convolutions.
type dnnRig struct {
	t             *testing.T
	control       *fakenv.Control
	c             *nv.Context
	s             nv.Stream
	d             *nv.DNN
	x, w, y, work nv.DevicePtr
	host          *nv.HostBuffer
}

const dnnRoom = 4096 // bytes of each piece of memory

func newDNNRig(t *testing.T) *dnnRig {
	t.Helper()
	r := &dnnRig{t: t, control: fake(t)}
	var err error
	r.c, err = loadFake(t).Open(0)
	require.NoError(t, err)
	r.s, err = r.c.NewStream(0)
	require.NoError(t, err)
	r.d, err = r.c.NewDNN(r.s)
	require.NoError(t, err)
	for _, p := range []*nv.DevicePtr{&r.x, &r.w, &r.y, &r.work} {
		*p, err = r.c.Alloc(dnnRoom)
		require.NoError(t, err)
	}
	r.host, err = r.c.AllocHost(dnnRoom)
	require.NoError(t, err)
	return r
}

func (r *dnnRig) close() {
	require.NoError(r.t, r.host.Free())
	for _, p := range []nv.DevicePtr{r.x, r.w, r.y, r.work} {
		require.NoError(r.t, r.c.Free(p))
	}
	require.NoError(r.t, r.d.Close())
	require.NoError(r.t, r.c.DestroyStream(r.s))
	require.NoError(r.t, r.c.Close())
	assert.Empty(r.t, r.control.Live())
}

func (r *dnnRig) store(to nv.DevicePtr, values ...float32) {
	for i, v := range values {
		binary.LittleEndian.PutUint32(r.host.Bytes()[4*i:], math.Float32bits(v))
	}
	require.NoError(r.t, r.c.CopyIn(to, r.host, 0, int64(4*len(values)), r.s))
	require.NoError(r.t, r.c.SyncStream(r.s))
}

func (r *dnnRig) load(from nv.DevicePtr, n int) []float32 {
	require.NoError(r.t, r.c.CopyOut(r.host, 0, from, int64(4*n), r.s))
	require.NoError(r.t, r.c.SyncStream(r.s))
	return floats(r.host.Bytes()[:4*n])
}

// engines plans a convolution and tells the engines' numbers and ranks. The plans are closed.
func (r *dnnRig) engines(v nv.Conv) (numbers, ranks []int) {
	plans, err := r.d.Plans(v, 8)
	require.NoError(r.t, err)
	for _, p := range plans {
		numbers, ranks = append(numbers, p.Engine()), append(ranks, p.Rank())
		require.NoError(r.t, p.Close())
	}
	return numbers, ranks
}

// TestFakeDNNEngines leaves out what does not repeat, sums in half, cannot be planned, or rounds what must not be.
func TestFakeDNNEngines(t *testing.T) {
	r := newDNNRig(t)
	v := nv.Conv{N: 1, C: 8, H: 2, W: 2, K: 8, R: 1, S: 1}
	const tensor, plain = 20, 7
	for _, c := range []struct {
		name    string
		change  func(v *nv.Conv)
		numbers []int
		ranks   []int
	}{
		{"f32", func(*nv.Conv) {}, []int{plain, plain}, []int{4, 5}},
		{"f32 may be TF32", func(v *nv.Conv) { v.TF32 = true }, []int{tensor, plain, plain}, []int{3, 4, 5}},
		{"f16", func(v *nv.Conv) { v.DType = nv.DNNFloat16 }, []int{tensor, plain, plain}, []int{3, 4, 5}},
		{"bf16, odd channels", func(v *nv.Conv) { v.DType, v.C = nv.DNNBFloat16, 3 }, []int{plain, plain}, []int{3, 4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := v
			c.change(&v)
			numbers, ranks := r.engines(v)
			assert.Equal(t, c.numbers, numbers)
			assert.Equal(t, c.ranks, ranks)
		})
	}
	assert.Empty(t, r.control.Misuse())
	r.close()
}

// TestFakeDNNComputes runs the three passes of a convolution of 3x3 pixels by 2x2, padded above and to the left, with numbers that
// can be added up by hand; forward also in a recording.
func TestFakeDNNComputes(t *testing.T) {
	both(t, func(t *testing.T) {
		r := newDNNRig(t)
		v := nv.Conv{N: 1, C: 1, H: 3, W: 3, K: 1, R: 2, S: 2, PadTop: 1, PadLeft: 1}
		run := func(pass nv.ConvPass) *nv.ConvPlan {
			v.Pass = pass
			plans, err := r.d.Plans(v, 1)
			require.NoError(t, err)
			require.NoError(t, plans[0].Run(r.x, r.w, r.y, r.work))
			return plans[0]
		}
		r.store(r.x, 1, 2, 3, 4, 5, 6, 7, 8, 9)
		r.store(r.w, 1, 10, 100, 1000)
		plan := run(nv.ConvForward)
		want := []float32{1000, 2100, 3200, 4010, 5421, 6532, 7040, 8754, 9865}
		assert.Equal(t, want, r.load(r.y, 9))

		require.NoError(t, r.c.Fill8(r.y, 0, 36, r.s))
		require.NoError(t, r.c.BeginCapture(r.s))
		require.NoError(t, plan.Run(r.x, r.w, r.y, r.work))
		graph, err := r.c.EndCapture(r.s)
		require.NoError(t, err)
		exec, err := r.c.Instantiate(graph)
		require.NoError(t, err)
		require.NoError(t, r.c.DestroyGraph(graph))
		assert.Equal(t, make([]float32, 9), r.load(r.y, 9), "recorded, not run")
		require.NoError(t, r.c.LaunchGraph(exec, r.s))
		assert.Equal(t, want, r.load(r.y, 9))
		require.NoError(t, r.c.DestroyGraphExec(exec))
		require.NoError(t, plan.Close())

		r.store(r.y, 0, 0, 0, 0, 2, 0, 0, 0, 0) // y's gradient: x's is the filter around the middle
		require.NoError(t, run(nv.ConvGradWeight).Close())
		assert.Equal(t, []float32{2, 4, 8, 10}, r.load(r.w, 4))
		r.store(r.w, 1, 10, 100, 1000)
		require.NoError(t, run(nv.ConvGradInput).Close())
		assert.Equal(t, []float32{2, 20, 0, 200, 2000, 0, 0, 0, 0}, r.load(r.x, 9))
		assert.Empty(t, r.control.Misuse())
		r.close()
	})
}

// TestFakeDNNRules has addresses that no device would forgive.
func TestFakeDNNRules(t *testing.T) {
	for name, c := range map[string]struct {
		run  func(r *dnnRig, p *nv.ConvPlan) error
		says string
	}{
		"no workspace":    {func(r *dnnRig, p *nv.ConvPlan) error { return p.Run(r.x, r.w, r.y, 0) }, "a workspace of 48 bytes is wanted"},
		"short workspace": {func(r *dnnRig, p *nv.ConvPlan) error { return p.Run(r.x, r.w, r.y, r.work+dnnRoom-32) }, "a workspace of 48 bytes"},
		"short tensor":    {func(r *dnnRig, p *nv.ConvPlan) error { return p.Run(r.x+dnnRoom-16, r.w, r.y, r.work) }, "tensor 1 goes beyond"},
		"misaligned":      {func(r *dnnRig, p *nv.ConvPlan) error { return p.Run(r.x, r.w+4, r.y, r.work) }, "tensor 2 is not aligned"},
		"null":            {func(r *dnnRig, p *nv.ConvPlan) error { return p.Run(r.x, r.w, 0, r.work) }, "tensor 3 has no address"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newDNNRig(t)
			plans, err := r.d.Plans(nv.Conv{N: 1, C: 8, H: 2, W: 2, K: 8, R: 1, S: 1}, 1)
			require.NoError(t, err)
			require.ErrorContains(t, c.run(r, plans[0]), "cudnnBackendExecute: CUDNN_STATUS_BAD_PARAM")
			assert.Contains(t, r.control.Misuse(), c.says)
			require.NoError(t, plans[0].Close())
			r.close()
		})
	}
}

// TestFakeDNNFailures makes every call of planning and running fail in turn: an error each, and nothing is left.
func TestFakeDNNFailures(t *testing.T) {
	r := newDNNRig(t)
	v := nv.Conv{N: 1, C: 8, H: 2, W: 2, K: 8, R: 1, S: 1, DType: nv.DNNFloat16}
	attempt := func() error {
		plans, err := r.d.Plans(v, 2)
		if err != nil {
			assert.Empty(t, plans)
			return err
		}
		err = plans[0].Run(r.x, r.w, r.y, r.work)
		for _, p := range plans {
			if closed := p.Close(); err == nil {
				err = closed
			}
		}
		return err
	}
	live := r.control.Live()
	before := r.control.Calls()
	require.NoError(t, attempt())
	calls := r.control.Calls() - before
	assert.Equal(t, live, r.control.Live())
	silent := 0
	for n := 1; n <= calls; n++ {
		r.control.Fail(r.control.Calls()+n, 0)
		if attempt() == nil {
			silent++ // what gives a descriptor back may fail unheard
		}
		r.control.Fail(0, 0)
		assert.Equal(t, live, r.control.Live(), "call %d", n)
	}
	assert.Less(t, silent, calls/2)
	assert.Empty(t, r.control.Misuse())
	r.close()
}
