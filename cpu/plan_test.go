package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

// smallOps are one of every kind of program.
func smallOps() []backend.Op {
	const f, l = backend.F32, backend.NCHW8c
	var ops []backend.Op
	for _, p := range []backend.Pass{backend.Forward, backend.GradInput, backend.GradWeight} {
		bias := p != backend.GradInput
		ops = append(ops,
			backend.Conv2D{Pass: p, DType: f, Layout: l, N: 3, H: 9, W: 9, C: 24, K: 20, R: 1, S: 1, Stride: 1, Groups: 1, Bias: bias},
			backend.Conv2D{Pass: p, DType: f, Layout: l, N: 3, H: 9, W: 9, C: 3, K: 16, R: 3, S: 3, Stride: 2, Pad: 1, Groups: 1},
			backend.Conv2D{Pass: p, DType: f, Layout: l, N: 3, H: 9, W: 9, C: 24, K: 24, R: 3, S: 3, Stride: 1, Pad: 1, Groups: 24},
			backend.Conv2D{Pass: p, DType: f, Layout: l, N: 3, H: 9, W: 9, C: 24, K: 24, R: 3, S: 3, Stride: 2, Pad: 1, Groups: 24},
			backend.Conv2D{Pass: p, DType: f, Layout: l, N: 3, H: 5, W: 5, C: 8, K: 4, R: 3, S: 3, Stride: 1, Pad: 1, Groups: 2})
	}
	for _, p := range []backend.Pass{backend.Forward, backend.Infer, backend.Backward} {
		ops = append(ops,
			backend.BatchNorm{Pass: p, DType: f, Layout: l, N: 3, H: 9, W: 9, C: 24, Eps: 1e-5, Momentum: 0.1},
			backend.Activation{Pass: p, Act: backend.ReLU6, DType: f, Layout: l, N: 3, H: 40, W: 40, C: 24},
			backend.GlobalAvgPool{Pass: p, DType: f, Layout: l, N: 3, H: 9, W: 9, C: 24})
	}
	activations := backend.Desc{DType: f, Layout: l, N: 3, H: 40, W: 40, C: 20}
	image := backend.Desc{DType: backend.U8, Layout: backend.NHWC, N: 2, H: 64, W: 64, C: 3}
	return append(ops,
		backend.Add{Desc: activations, A: 1, B: 1}, backend.Fill{Desc: activations, Value: 2},
		backend.Reduce{Kind: backend.Sum, Desc: activations},
		backend.Dropout{DType: f, Layout: l, N: 3, C: 20, Rate: 0.2},
		backend.SoftmaxCrossEntropy{Pass: backend.Backward, DType: f, Layout: l, N: 3, C: 20, Smoothing: 0.1},
		backend.Convert{From: image, To: image.With(f, l), Normalize: true, Std: [4]float32{1, 2, 3}},
		backend.Convert{From: activations, To: activations.With(backend.F16, backend.NHWC)},
		backend.Update{Rule: backend.Nesterov, Elements: 100_000})
}

func TestRunAllocatesNothing(t *testing.T) {
	for _, threads := range []int{1, 2} {
		for _, op := range smallOps() {
			t.Run(op.String(), func(t *testing.T) {
				f := newCase(t, threads, op)
				require.Zero(t, testing.AllocsPerRun(10, func() {
					if err := f.plan.Run(&f.args, f.scratch); err != nil {
						t.Error(err)
					}
				}))
			})
		}
	}
}

// TestThreadsDoNotMatter compares bits for numbers of threads that divide nothing.
func TestThreadsDoNotMatter(t *testing.T) {
	for _, op := range smallOps() {
		t.Run(op.String(), func(t *testing.T) {
			one := newCase(t, 1, op)
			one.run(t)
			for _, threads := range []int{2, 7} {
				other := newCase(t, threads, op)
				other.run(t)
				for i, o := range op.Operands() {
					want, got := one.tensors[i].Buf.(*buffer).mem, other.tensors[i].Buf.(*buffer).mem
					require.Equal(t, want, got, "%s on %d threads", o.Name, threads)
				}
			}
		})
	}
}

func TestPlanKeepsNoMemory(t *testing.T) {
	f := newCase(t, 1, backend.Fill{Desc: backend.Vec(backend.F32, 3)})
	f.run(t)
	for _, mem := range f.plan.(*plan).env.operands {
		require.Nil(t, mem)
	}
}

func TestClosedPlan(t *testing.T) {
	f := newCase(t, 1, backend.Fill{Desc: backend.Vec(backend.F32, 3)})
	r, err := f.device.Record(func() error { return f.plan.Run(&f.args, f.scratch) })
	require.NoError(t, err)
	require.NoError(t, f.plan.Close())
	require.NoError(t, f.plan.Close(), "closing again does nothing")
	err = f.plan.Run(&f.args, f.scratch)
	require.ErrorIs(t, err, backend.ErrFreed)
	require.ErrorContains(t, err, "plan is closed")
	require.ErrorContains(t, r.Run(), "plan is closed")
	require.NoError(t, r.Close())
	require.ErrorContains(t, r.Run(), "recording is closed")
}

func TestRecordingStepFails(t *testing.T) {
	d := openDevice(t, Options{Threads: 1})
	_, err := d.Record(func() error {
		_, err := d.Alloc(1, "inside")
		return err
	})
	require.ErrorIs(t, err, backend.ErrRecording)
	require.NoError(t, d.Sync(), "the recording is over")
}

func TestLabelsBeyondTheClasses(t *testing.T) {
	op := backend.SoftmaxCrossEntropy{Pass: backend.Forward, DType: backend.F32, Layout: backend.NCHW8c, N: 3, C: 10}
	f := newCase(t, 1, op)
	slab[int32](f.tensors[1].Buf.(*buffer).mem)[2] = 10
	err := f.plan.Run(&f.args, f.scratch)
	require.ErrorIs(t, err, backend.ErrArgs)
	require.ErrorContains(t, err, "labels[2] = 10: want less than 10")
}

func TestCompileSaysWhyNot(t *testing.T) {
	d := openDevice(t, Options{Threads: 1})
	conv := backend.Conv2D{Pass: backend.Forward, DType: backend.F32, Layout: backend.NCHW, N: 1, H: 4, W: 4, C: 8, K: 8,
		R: 1, S: 1, Stride: 1, Groups: 1}
	_, err := d.Compile(conv)
	require.ErrorIs(t, err, backend.ErrUnsupported)
	require.ErrorContains(t, err, "the cpu wants activations in nchw8c, not nchw")
	conv.Layout, conv.DType = backend.NCHW8c, backend.F16
	_, err = d.Compile(conv)
	require.ErrorIs(t, err, backend.ErrUnsupported)
	require.ErrorContains(t, err, "the cpu computes in f32, not f16")
	conv.Stride = 0
	_, err = d.Compile(conv)
	require.ErrorContains(t, err, "Stride = 0: want 1 or more")
	require.NotErrorIs(t, err, backend.ErrUnsupported)
}
