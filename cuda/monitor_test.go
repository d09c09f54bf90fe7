//go:build cgo && linux

package cuda

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	fakenv "mnv2/csrc/fake/nv"
	"mnv2/csrc/nv"
)

// TestGauges asks an open device how it is, and the part of one.
func TestGauges(t *testing.T) {
	standIn(t, "MNV2_FAKE_MIG=1", "MNV2_FAKE_MEMORY=134217728")
	d := open(t)
	b, err := d.Alloc(1<<26, "b")
	require.NoError(t, err)
	var names []string
	for _, g := range d.Gauges() {
		names = append(names, g.Name+" "+g.Unit)
	}
	assert.Equal(t, []string{"memory GiB", "power W", "temperature °C"}, names, "a part of a GPU tells no utilisation")
	assert.InDelta(t, 1.0/16, d.Gauges()[0].Value, 0.01)
	require.NoError(t, b.Free())
	infos, err := Driver.Probe()
	require.NoError(t, err)
	assert.Contains(t, infos[0].State, "of 0.1 GiB in use, 41 °C")
	assert.Contains(t, infos[0].State, "MIG on")
}

// TestEveryQuestionMayFail lets each call of the management library fail in turn: what it tells is left out, and nothing else is missing.
func TestEveryQuestionMayFail(t *testing.T) {
	control := standIn(t)
	m, err := nv.OpenManagement(nv.OptionsFromEnv())
	require.NoError(t, err)
	lib, _, err := load()
	require.NoError(t, err)
	g, err := lib.Device(0)
	require.NoError(t, err)
	whole, err := m.Read(g)
	require.NoError(t, err)
	before := control.Calls()
	_, err = m.Read(g)
	require.NoError(t, err)
	for n := range control.Calls() - before {
		control.Fail(control.Calls()+n+1, 0)
		r, err := m.Read(g)
		if n == 0 {
			assert.ErrorContains(t, err, "nvmlDeviceGetHandleByPciBusId_v2 = 999")
			continue
		}
		require.NoError(t, err)
		assert.Less(t, len(r.String()), len(whole.String()), "question %d: %s", n, r)
	}
}

// TestWithoutManagementLibrary wants a note and no failure.
func TestWithoutManagementLibrary(t *testing.T) {
	standIn(t)
	t.Setenv(nv.EnvLibs, "only:"+without(t, fakenv.NVML))
	m, err := nv.OpenManagement(nv.OptionsFromEnv())
	require.Nil(t, m)
	require.ErrorContains(t, err, "there is no libnvidia-ml.so.1 (looked in ")
	info := backend.Info{Versions: map[string]string{}}
	addState(&info, m, err, nv.Device{})
	assert.Contains(t, info.Versions["NVML"], "not in use (there is no libnvidia-ml.so.1")
	assert.Empty(t, info.State)
}
