//go:build cgo && linux

package ascend

import (
	"errors"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/backend/backendtest"
	aclfake "mnv2/csrc/fake/acl"
	"mnv2/internal/shareddata"
)

// layoutVariable chooses the stand-in's layout; a process can load one only.
const layoutVariable = "MNV2_TEST_ASCEND_LAYOUT"

var install = sync.OnceValues(func() (*aclfake.Install, error) {
	layout := aclfake.Old
	if os.Getenv(layoutVariable) == "split" {
		layout = aclfake.Split
	}
	return aclfake.Build(aclfake.Options{Layout: layout})
})

// standIn makes the stand-in libraries the installed toolkit, with a chip of that name.
func standIn(t *testing.T, soc string) *aclfake.Control {
	t.Helper()
	i, err := install()
	if errors.Is(err, aclfake.ErrNoCompiler) {
		shareddata.Skip(t, "gcc", err)
	}
	require.NoError(t, err)
	t.Setenv("ASCEND_HOME_PATH", i.Home)
	t.Setenv("ASCEND_OPP_PATH", i.OPP())
	control, err := aclfake.Attach(i)
	require.NoError(t, err)
	control.Set("SOC", soc)
	t.Cleanup(func() {
		assert.Zero(t, control.Count("misuse"), control.LastMisuse())
		assert.Empty(t, control.Leaks())
	})
	return control
}

// laterRules are operations that this device does not have yet.
var laterRules = []string{"Update lamb", "ClassLoss"}

// TestDevice runs the suite on the stand-in as an A2 chip.
func TestDevice(t *testing.T) {
	control := standIn(t, "Ascend910B1")
	backendtest.Run(t, func() (backend.Backend, error) { return Open(0, Options{}) }, backendtest.Options{
		Allow:           laterRules,
		HalfFilterGrads: true,
		OpenVariants: map[string]func() (backend.Backend, error){
			"planned anew": func() (backend.Backend, error) { return Open(0, Options{Replan: true}) }},
		FailNth: func(_ backend.Backend, n int) { control.FailNth(n) },
	})
}

// TestOlderTrainingChip runs the suite on the stand-in as a 910A, which has no float32 in its matrix units and no bf16, and
// saturates. Float16 is its preferred type; products of float32 are refused.
func TestOlderTrainingChip(t *testing.T) {
	standIn(t, "Ascend910A")
	backendtest.Run(t, func() (backend.Backend, error) { return Open(0, Options{}) }, backendtest.Options{
		HalfFilterGrads: true,
		Allow:           append([]string{"Conv2D", "ConvBNAct", "InvertedResidual", "Head", "Chain"}, laterRules...), // in float32
		NoNonFinite:     true,
		HalfBias:        true,
		Saturates:       true,
	})
}

// TestInferenceChip runs the suite on the stand-in as a 310P, which has kernels to run a network and none to train one.
func TestInferenceChip(t *testing.T) {
	standIn(t, "Ascend310P3")
	backendtest.Run(t, func() (backend.Backend, error) { return Open(0, Options{}) }, backendtest.Options{
		HalfFilterGrads: true,
		Allow: append([]string{"Conv2D", "ConvBNAct", "InvertedResidual", "Head", "Chain", "BatchNorm forward", "BatchNorm backward",
			"Reduce", "Guard", "Update adam", "Update lion", "Update rmsprop", "Update adagrad"}, laterRules...),
		NoNonFinite:   true,
		HalfBias:      true,
		Saturates:     true,
		InferenceOnly: true,
	})
}

// itself returns the command that runs this test program, under the emulator that MNV2_EXEC names if it is of another architecture.
func itself(args ...string) *exec.Cmd {
	command := append([]string{os.Args[0]}, args...)
	if emulator := os.Getenv("MNV2_EXEC"); emulator != "" {
		command = append([]string{emulator}, command...)
	}
	return exec.Command(command[0], command[1:]...)
}

// TestSplitLayout runs the suite in a process of its own on the libraries as CANN 8.5 and newer divide them.
func TestSplitLayout(t *testing.T) {
	standIn(t, "Ascend910B1")
	cmd := itself("-test.run", "^TestDevice$")
	cmd.Env = append(os.Environ(), layoutVariable+"=split", "ASCEND_HOME_PATH=", "ASCEND_OPP_PATH=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
