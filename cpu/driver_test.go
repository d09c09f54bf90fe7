package cpu

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

func TestDriver(t *testing.T) {
	t.Setenv(kernelsVariable, "auto")
	found, err := Driver.Probe()
	require.NoError(t, err)
	require.Len(t, found, 1)
	b, err := Driver.Open(0)
	require.NoError(t, err)
	info := b.Info()
	assert.Equal(t, found[0], info)
	assert.Equal(t, "cpu", info.Device)
	assert.NotEmpty(t, info.Model)
	assert.Equal(t, backend.NCHW8c, info.Layout)
	assert.Equal(t, []backend.DType{backend.F32}, info.DTypes)
	assert.Equal(t, runtime.GOMAXPROCS(0), info.Threads)
	assert.Equal(t, map[string]string{"go": runtime.Version(), "kernels": kernels.Sets()[0].Name}, info.Versions)
	require.NoError(t, b.Close())
}

func TestInfoIsACopy(t *testing.T) {
	d := openDevice(t, Options{Threads: 1})
	d.Info().DTypes[0] = backend.F16
	d.Info().Versions["go"] = ""
	assert.Equal(t, backend.F32, d.Info().DTypes[0])
	assert.Equal(t, runtime.Version(), d.Info().Versions["go"])
}

func TestOpenRefuses(t *testing.T) {
	cases := map[string]struct {
		open func() (backend.Backend, error)
		says string
	}{
		"a second device":  {func() (backend.Backend, error) { return Driver.Open(1) }, "device 1: there is only cpu:0"},
		"negative threads": {func() (backend.Backend, error) { return Open(Options{Threads: -1}) }, "threads = -1: want 0 to 1024"},
		"many threads":     {func() (backend.Backend, error) { return Open(Options{Threads: 5000}) }, "threads = 5000"},
		"negative memory":  {func() (backend.Backend, error) { return Open(Options{Memory: -1}) }, "memory = -1 bytes"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := c.open()
			require.ErrorIs(t, err, backend.ErrUnavailable)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestKernelsVariable(t *testing.T) {
	t.Run("generic", func(t *testing.T) {
		t.Setenv(kernelsVariable, "generic")
		require.Equal(t, "generic", openDevice(t, Options{}).Info().Versions["kernels"])
	})
	t.Run("unknown", func(t *testing.T) {
		t.Setenv(kernelsVariable, "mmx")
		const says = `cpu: open: MNV2_CPU="mmx": this machine has no such kernel set (want one of auto, `
		_, err := Open(Options{})
		require.ErrorIs(t, err, backend.ErrUnavailable)
		require.ErrorContains(t, err, says)
		_, err = Driver.Probe()
		require.ErrorContains(t, err, says)
	})
}

func TestClosedDevice(t *testing.T) {
	b, err := Open(Options{Threads: 2})
	require.NoError(t, err)
	require.NoError(t, b.Close())
	require.NoError(t, b.Close(), "closing again does nothing")
	_, err = b.Alloc(1, "late")
	require.ErrorIs(t, err, backend.ErrUnavailable)
	_, err = b.Compile(backend.Fill{Desc: backend.Vec(backend.F32, 1)})
	require.ErrorIs(t, err, backend.ErrUnavailable)
	require.ErrorIs(t, b.Sync(), backend.ErrUnavailable)
}
