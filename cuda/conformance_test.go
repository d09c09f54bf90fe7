//go:build cgo && linux

package cuda

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/backend/backendtest"
	fakenv "mnv2/csrc/fake/nv"
	"mnv2/csrc/nv"
	"mnv2/csrc/nv/cubin"
	"mnv2/internal/shareddata"
)

// standIn makes the stand-ins the installed libraries, with settings like "MNV2_FAKE_MEMORY=1000000". At the end nothing may be
// left alive, and nothing have been done that a device would not forgive.
func standIn(t *testing.T, settings ...string) *fakenv.Control {
	t.Helper()
	folder, err := fakenv.Kept()
	if errors.Is(err, fakenv.ErrNoCompiler) {
		shareddata.Skip(t, "gcc", err)
	}
	require.NoError(t, err)
	t.Setenv(nv.EnvLibs, "only:"+folder)
	t.Setenv(cubin.EnvDir, "off")
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		t.Setenv(name, value)
	}
	control, err := fakenv.Attach(folder)
	require.NoError(t, err)
	control.Reset()
	t.Cleanup(func() {
		assert.Empty(t, control.Misuse())
		assert.Empty(t, control.Live())
	})
	return control
}

// missing are operations that this device does not have yet.
var missing = []string{"ConvBNAct", "InvertedResidual", "Head", "Chain"}

// TestDevice runs the suite on the stand-ins.
func TestDevice(t *testing.T) {
	standIn(t)
	backendtest.Run(t, func() (backend.Backend, error) { return Open(0, Options{}) }, backendtest.Options{
		Allow: missing,
	})
}
