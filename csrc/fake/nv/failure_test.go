//go:build cgo && linux

package fakenv_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fakenv "mnv2/csrc/fake/nv"
	"mnv2/csrc/nv"
)

// without returns a copy of the stand-ins that lacks some files.
func without(t *testing.T, missing ...string) string {
	t.Helper()
	dir := t.TempDir()
	entries, err := os.ReadDir(fakeFolder)
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() || slices.Contains(missing, e.Name()) {
			continue
		}
		b, err := os.ReadFile(filepath.Join(fakeFolder, e.Name()))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, e.Name()), b, 0o600))
	}
	return dir
}

func TestFakeLoadFailures(t *testing.T) {
	cases := map[string]struct {
		env     map[string]string
		missing []string
		want    string
	}{
		"no driver":  {nil, []string{fakenv.Driver}, "there is no NVIDIA driver: libcuda.so.1 (looked in "},
		"stub":       {map[string]string{"MNV2_FAKE_STUB": "1"}, nil, "is the toolkit's stub, for linking only"},
		"old driver": {map[string]string{"MNV2_FAKE_DRIVER": "11040"}, nil, "is for CUDA 11.4, and 11.8 is the oldest supported"},
		"no NVRTC":   {nil, []string{fakenv.NVRTC}, "NVRTC (CUDA's run-time compiler) for CUDA 12 or older is missing"},
		"builtins":   {nil, []string{fakenv.Builtins}, "its libnvrtc-builtins.so.12.9 is missing"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			control := fake(t)
			_, err := nv.Load(nv.Options{Dirs: []string{without(t, c.missing...)}, Only: true})
			require.ErrorIs(t, err, nv.ErrUnavailable)
			assert.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "\n")
			clean(t, control)
		})
	}
}

// TestFakeWithoutDNN opens the rest: cuDNN is a choice.
func TestFakeWithoutDNN(t *testing.T) {
	cases := map[string]struct {
		env     map[string]string
		missing []string
		want    string
	}{
		"none":       {nil, []string{fakenv.DNN}, "cuDNN 9 for CUDA 12 is missing"},
		"old":        {map[string]string{"MNV2_FAKE_CUDNN": "8907"}, nil, "is version 8.9.7, and 9.0 is the oldest supported"},
		"other CUDA": {map[string]string{"MNV2_FAKE_CUDNN_CUDA": "11080"}, nil, "cuDNN 9 for CUDA 12 is missing, there is one for CUDA 11"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			control := fake(t)
			l, err := nv.Load(nv.Options{Dirs: []string{without(t, c.missing...)}, Only: true})
			require.NoError(t, err)
			assert.Contains(t, l.WithoutDNN(), c.want)
			assert.Zero(t, l.DNNVersion())
			assert.Len(t, l.Files(), 3)
			context, err := l.Open(0)
			require.NoError(t, err)
			_, err = context.NewDNN(0)
			require.ErrorIs(t, err, nv.ErrUnavailable)
			require.NoError(t, context.Close())
			clean(t, control)
		})
	}
}

func TestFakeLacksFunctions(t *testing.T) {
	fake(t)
	dir, err := fakenv.Kept("cuMemAllocAsync", "cuGraphLaunch")
	require.NoError(t, err)
	_, err = nv.Load(nv.Options{Dirs: []string{dir}, Only: true})
	require.ErrorIs(t, err, nv.ErrUnavailable)
	assert.ErrorContains(t, err, "lacks cuMemAllocAsync cuGraphLaunch")
}

func TestFakeNoDevice(t *testing.T) {
	t.Setenv("MNV2_FAKE_DEVICES", "0")
	control := fake(t)
	l := loadFake(t)
	_, err := l.DeviceCount()
	require.ErrorIs(t, err, nv.ErrUnavailable)
	assert.ErrorContains(t, err, "look for NVIDIA devices: cuInit: CUDA_ERROR_NO_DEVICE (100)")
	_, err = l.Open(0)
	require.ErrorIs(t, err, nv.ErrUnavailable)
	clean(t, control)
}

// session is start-up, use and shut-down as a program does them: it gives back what it got, whatever fails, and returns the
// first failure. image is a compiled module.
func session(l *nv.Library, image []byte) (err error) {
	keep := func(e error) {
		if err == nil {
			err = e
		}
	}
	c, e := l.Open(0)
	if e != nil {
		return e
	}
	defer func() { keep(c.Close()) }()
	s, e := c.NewStream(0)
	if e != nil {
		return e
	}
	defer func() { keep(c.DestroyStream(s)) }()
	x, e := c.Alloc(64)
	if e != nil {
		return e
	}
	defer func() { keep(c.Free(x)) }()
	host, e := c.AllocHost(64)
	if e != nil {
		return e
	}
	defer func() { keep(host.Free()) }()
	m, e := c.LoadModule(image)
	if e != nil {
		return e
	}
	defer func() { keep(c.UnloadModule(m)) }()
	defer func() { keep(c.Synchronize()) }()
	f, e := c.Function(m, "fill")
	if e != nil {
		return e
	}
	launch, e := c.NewLaunch(f, nv.LaunchConfig{Block: [3]uint32{32}}, nv.PtrArg(x), nv.Float32Arg(1), nv.Int64Arg(16))
	if e != nil {
		return e
	}
	defer launch.Close()
	g, e := record(c, s, launch)
	if e != nil {
		return e
	}
	exec, e := c.Instantiate(g)
	keep(c.DestroyGraph(g))
	if e != nil {
		return e
	}
	defer func() { keep(c.DestroyGraphExec(exec)) }()
	if err != nil {
		return err
	}
	if e := c.LaunchGraph(exec, s); e != nil {
		return e
	}
	if e := c.CopyOut(host, 0, x, 64, s); e != nil {
		return e
	}
	return c.SyncStream(s)
}

func record(c *nv.Context, s nv.Stream, launch *nv.Launch) (nv.Graph, error) {
	if err := c.BeginCapture(s); err != nil {
		return 0, err
	}
	if err := launch.Queue(s); err != nil {
		_ = c.AbandonCapture(s) // the first failure is the one to tell
		return 0, err
	}
	g, err := c.EndCapture(s)
	if err != nil {
		_ = c.AbandonCapture(s)
	}
	return g, err
}

// TestFakeEveryCallFails lets each call of a session fail in turn, in a way that the context survives, and then in one that
// it does not.
func TestFakeEveryCallFails(t *testing.T) {
	control := fake(t)
	l := loadFake(t)
	made, err := l.Compile(elements(), "sm_90")
	require.NoError(t, err)
	control.Reset()
	require.NoError(t, session(l, made.Cubin))
	clean(t, control)
	calls := control.Calls()
	require.Greater(t, calls, 40)
	for _, code := range []int{0, 719} {
		for n := 1; n <= calls; n++ {
			t.Run(fmt.Sprintf("code %d call %d", code, n), func(t *testing.T) {
				control.Reset()
				control.Fail(n, code)
				err := session(l, made.Cubin)
				if err == nil { // the one question whose failure means "no"
					assert.Equal(t, clusterQuestion, n)
					return
				}
				var e *nv.Error
				require.ErrorAs(t, err, &e)
				assert.NotContains(t, err.Error(), "\n")
				assert.Contains(t, []int{2, 719, 999}, e.Code)
				if code != 0 {
					assert.ErrorIs(t, err, nv.ErrDeviceLost)
				}
				clean(t, control)
			})
		}
	}
}

// clusterQuestion is the call of cuDeviceGetAttribute for clusters: cuInit, five about the device, and 14 attributes before it.
const clusterQuestion = 21
