//go:build cgo && linux

package cuda

import (
	"errors"
	"os"
	"os/exec"
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

// standInLoaded says that this process has stand-ins in it, which stay.
var standInLoaded bool

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
	standInLoaded = true
	control, err := fakenv.Attach(folder)
	require.NoError(t, err)
	control.Reset()
	t.Cleanup(func() {
		assert.Empty(t, control.Misuse())
		assert.Empty(t, control.Live())
	})
	return control
}

// missing are operations that this device does not have yet, or leaves to the gate, which composes them: ConvBNAct and
// InvertedResidual only in shapes that its kernels do not take.
var missing = []string{"ConvBNAct", "InvertedResidual", "Head", "Chain"}

// suiteOptions are what the suite may expect.
func suiteOptions(control *fakenv.Control) backendtest.Options {
	return backendtest.Options{
		Allow: missing,
		FailNth: func(_ backend.Backend, n int) {
			if n > 0 {
				n += control.Calls()
			}
			control.Fail(n, 0)
		},
	}
}

// TestDevice runs the suite on the stand-ins.
func TestDevice(t *testing.T) {
	backendtest.Run(t, openFake, suiteOptions(standIn(t)))
}

// TestOtherOrders runs what computes in processes of their own in which the threads of a kernel run last to first, or shuffled, and
// work runs when it is queued and not when somebody waits.
func TestOtherOrders(t *testing.T) {
	standIn(t)
	for _, settings := range [][]string{{"MNV2_FAKE_ORDER=1", "MNV2_FAKE_QUEUE=eager"}, {"MNV2_FAKE_ORDER=7"}} {
		t.Run(strings.Join(settings, " "), func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run", "^TestDevice$/^(ops|fused|transfer|order|record|determinism)$")
			cmd.Env = append(os.Environ(), settings...)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
		})
	}
}
