//go:build cgo && linux

package cuda

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	fakenv "mnv2/csrc/fake/nv"
	"mnv2/csrc/nv"
)

// forcedVariable makes the test binary, in a process of its own, give every convolution that cuDNN takes to it.
const forcedVariable = "MNV2_TEST_CUDA_DNN"

// forced is what openFake opens with.
var forced = func() Convolutions {
	if os.Getenv(forcedVariable) != "" {
		return CuDNN
	}
	return Own
}()

// TestConvolutionsByCuDNN runs the suite's convolutions in all types, and what needs several calls of the library, with cuDNN's
// engines: the stand-in's, which say what a real one would say of addresses, workspaces and order.
func TestConvolutionsByCuDNN(t *testing.T) {
	standIn(t)
	for _, pattern := range []string{
		"^TestDevice$/^ops$/^Conv2D",
		"^TestDevice$/^(determinism|order|memory|aliasing)$/Conv2D",
		"^TestDevice$/^(gradients|record|errors)$",
	} {
		cmd := exec.Command(os.Args[0], "-test.run", pattern)
		cmd.Env = append(os.Environ(), forcedVariable+"=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.NotContains(t, string(out), "no tests to run")
	}
}

// pointwise is a convolution that every engine takes.
var pointwise = backend.Conv2D{Pass: backend.Forward, DType: backend.F16, Layout: backend.NHWC, N: 2, H: 4, W: 4, C: 16, K: 8, R: 1, S: 1,
	Stride: 1, Groups: 1}

// TestEngineIsChosen looks at programs: which convolutions go to cuDNN, and what stands around the call.
func TestEngineIsChosen(t *testing.T) {
	standIn(t)
	with := func(change func(*backend.Conv2D)) backend.Conv2D {
		o := pointwise
		change(&o)
		return o
	}
	for _, c := range []struct {
		name            string
		op              backend.Conv2D
		calls, launches int
		engine          int
	}{
		{"pointwise", pointwise, 1, 0, 20},
		{"float32 without TF32", with(func(o *backend.Conv2D) { o.DType = backend.F32 }), 1, 0, 7},
		{"bias", with(func(o *backend.Conv2D) { o.Bias = true }), 0, 1, 0},
		{"gradient with bias", with(func(o *backend.Conv2D) { o.Bias, o.Pass = true, backend.GradWeight }), 1, 1, 20},
		{"filters in another order", with(func(o *backend.Conv2D) { o.R, o.S, o.Pad = 3, 3, 1 }), 1, 1, 20},
		{"gradient of such filters", with(func(o *backend.Conv2D) { o.R, o.S, o.Pad, o.Pass = 3, 3, 1, backend.GradWeight }), 1, 1, 20},
		{"depthwise", with(func(o *backend.Conv2D) { o.R, o.S, o.Pad, o.K, o.Groups = 3, 3, 1, 16, 16 }), 1, 0, 20},
		{"channels of a picture", with(func(o *backend.Conv2D) { o.C = 3 }), 1, 0, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := Open(0, Options{Convolutions: CuDNN})
			require.NoError(t, err)
			defer func() { assert.NoError(t, b.Close()) }()
			compiled, err := b.Compile(c.op)
			require.NoError(t, err)
			defer func() { assert.NoError(t, compiled.Close()) }()
			p := compiled.(*plan).program
			assert.Len(t, p.calls, c.calls)
			assert.Len(t, p.launches, c.launches)
			if c.calls > 0 {
				assert.Equal(t, c.engine, p.calls[0].plan.Engine())
			}
		})
	}
}

// TestTF32OnRequest takes an engine that rounds float32 only if that was asked for.
func TestTF32OnRequest(t *testing.T) {
	standIn(t)
	o := pointwise
	o.DType = backend.F32
	for _, allowed := range []bool{false, true} {
		b, err := Open(0, Options{Convolutions: CuDNN, TF32: allowed})
		require.NoError(t, err)
		compiled, err := b.Compile(o)
		require.NoError(t, err)
		assert.Equal(t, allowed, compiled.(*plan).program.calls[0].plan.TensorCores())
		require.NoError(t, compiled.Close())
		require.NoError(t, b.Close())
	}
}

// TestConvolutionsWithoutCuDNN has kernels of our own and a note, where the fastest are wanted; in a process of its own, because
// loaded libraries stay.
func TestConvolutionsWithoutCuDNN(t *testing.T) {
	const inside = "MNV2_TEST_CUDA_WITHOUT_DNN"
	if os.Getenv(inside) == "" {
		standIn(t)
		cmd := exec.Command(os.Args[0], "-test.run", "^TestConvolutionsWithoutCuDNN$")
		cmd.Env = append(os.Environ(), inside+"=1", nv.EnvLibs+"=only:"+without(t, fakenv.DNN))
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	var told []string
	b, err := Open(0, Options{Convolutions: Fastest, Warn: func(text string) { told = append(told, text) }})
	require.NoError(t, err)
	for range 2 {
		compiled, err := b.Compile(pointwise)
		require.NoError(t, err)
		assert.Empty(t, compiled.(*plan).program.calls)
		require.NoError(t, compiled.Close())
	}
	require.NoError(t, b.Close())
	require.Len(t, told, 1)
	assert.Contains(t, told[0], "cuDNN 9 for CUDA 12 is missing")
	assert.Contains(t, told[0], ": convolutions run on kernels of our own")

	b, err = Open(0, Options{Convolutions: CuDNN})
	require.NoError(t, err)
	_, err = b.Compile(pointwise)
	require.ErrorContains(t, err, "cuDNN 9 for CUDA 12 is missing")
	require.NoError(t, b.Close())
}
