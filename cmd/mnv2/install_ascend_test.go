//go:build ascend && cgo && linux

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	aclfake "mnv2/csrc/fake/acl"
	"mnv2/internal/cli"
	"mnv2/internal/shareddata"
)

// toolkit builds a stand-in and returns its folder.
func toolkit(t *testing.T, o aclfake.Options) string {
	t.Helper()
	install, err := aclfake.Build(o)
	if errors.Is(err, aclfake.ErrNoCompiler) {
		shareddata.Skip(t, "gcc", err)
	}
	require.NoError(t, err)
	return install.Home
}

// altered copies a toolkit and lets f change the copy.
func altered(t *testing.T, home string, f func(dir string)) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "toolkit")
	require.NoError(t, os.CopyFS(dir, os.DirFS(home)))
	f(dir)
	return dir
}

// withoutDriver makes the runtime of a toolkit need the driver's library, which is not there.
func withoutDriver(t *testing.T, dir string) {
	t.Helper()
	hal, empty := filepath.Join(t.TempDir(), "libascend_hal.so"), filepath.Join(t.TempDir(), "empty.c")
	require.NoError(t, os.WriteFile(empty, nil, 0o644))
	out, err := exec.Command("gcc", "-shared", "-o", hal, "-Wl,-soname,libascend_hal.so", empty).CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.Command("gcc", "-shared", "-o", filepath.Join(dir, "lib64", "libascendcl.so"), empty, "-Wl,--no-as-needed", hal).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoError(t, os.Remove(hal))
}

// sourced are the variables that set_env.sh of a toolkit sets.
func sourced(home string, more ...string) []string {
	return append([]string{"ASCEND_HOME_PATH=" + home, "ASCEND_OPP_PATH=" + home + "/opp"}, more...)
}

// TestInstallationsThatDoNotWork runs the program on every kind of broken installation: one clear line each, that says what to
// do, and exit 3.
func TestInstallationsThatDoNotWork(t *testing.T) {
	good, split := toolkit(t, aclfake.Options{Layout: aclfake.Old}), toolkit(t, aclfake.Options{Layout: aclfake.Split})
	stub := toolkit(t, aclfake.Options{Layout: aclfake.Stub})
	old := toolkit(t, aclfake.Options{Layout: aclfake.Old, Hidden: []string{"aclSetRawTensorAddr"}})
	user := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(user, "Ascend"), 0o755))
	require.NoError(t, os.Symlink(good, filepath.Join(user, "Ascend", "cann")))
	noOps := altered(t, good, func(dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "lib64", "libopapi.so"))) })
	noKernels := altered(t, good, func(dir string) { require.NoError(t, os.RemoveAll(filepath.Join(dir, "opp", "built-in"))) })
	otherOps := altered(t, good, func(dir string) {
		file := filepath.Join(dir, "share", "info", "opp_kernel", "version.info")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "8.1.RC1", "8.0.0")), 0o644))
	})
	noDriver := altered(t, good, func(dir string) { withoutDriver(t, dir) })
	for _, c := range []struct {
		name string
		env  []string
		says []string // what is wrong, and what to do
	}{
		{"no toolkit", []string{"HOME=/no/such"}, []string{"CANN is not installed", "/usr/local/Ascend/cann/lib64"}},
		{"not sourced", []string{"HOME=" + user}, []string{"its environment is not set", `run "source `, "set_env.sh"}},
		{"half sourced", []string{"ASCEND_HOME_PATH=" + good}, []string{"its environment is not set", `run "source ` + good}},
		{"no driver", sourced(noDriver), []string{"libascend_hal.so", "the NPU driver is not installed"}},
		{"driver that does not answer", sourced(good, "MNV2_FAKE_ACL_NO_DRIVER=1", "MNV2_FAKE_ACL_DEVICES=0"), []string{"aclInit = 500000", "check that npu-smi info works"}},
		{"old driver", sourced(good, "MNV2_FAKE_ACL_FAIL=aclInit:*=507008"), []string{"the driver is too old", "install a newer driver"}},
		{"driver of another toolkit", sourced(good, "MNV2_FAKE_ACL_FAIL=aclrtSetDevice:*=507033"), []string{"507033", "install the driver that belongs to the toolkit"}},
		{"no permission", sourced(good, "MNV2_FAKE_ACL_FAIL=aclrtSetDevice:*=207006"), []string{"no permission", "HwHiAiUser"}},
		{"operators of another version", sourced(otherOps), []string{"of another version than the toolkit: 8.0.0 and 8.1.RC1", "install the one that belongs to it"}},
		{"operators of another toolkit", []string{"ASCEND_HOME_PATH=" + good, "ASCEND_OPP_PATH=" + split + "/opp"}, []string{"two CANN toolkits are in use", "in a new shell"}},
		{"no operators", sourced(noOps), []string{"the operators are not: libopapi.so", "install the operator package"}},
		{"no kernels", sourced(noKernels), []string{"has no kernels for Ascend910B", "install the one"}},
		{"kernels of nowhere", []string{"ASCEND_HOME_PATH=" + good, "ASCEND_OPP_PATH=/nowhere"}, []string{"ASCEND_OPP_PATH=/nowhere has no kernels"}},
		{"link stub", sourced(stub), []string{"is a link stub", "take the devlib folder out"}},
		{"two toolkits", sourced(good, "LD_LIBRARY_PATH="+split+"/lib64"), []string{"two CANN toolkits are in use", split + "/lib64", "in a new shell"}},
		{"old toolkit", sourced(old), []string{"too old: they lack aclSetRawTensorAddr (CANN 8.0.RC1)", "install a newer CANN"}},
		{"no device", sourced(good, "MNV2_FAKE_ACL_DEVICES=0"), []string{"CANN sees no NPU", "check that npu-smi info lists one"}},
		{"hidden device", sourced(good, "ASCEND_RT_VISIBLE_DEVICES=7"), []string{"CANN sees no NPU", "ASCEND_RT_VISIBLE_DEVICES=7 hides them: correct or unset it"}},
		{"310B", sourced(good, "MNV2_FAKE_ACL_SOC=Ascend310B1"), []string{`the chip "Ascend310B1" cannot be used`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var errs strings.Builder
			cmd := program(t, t.TempDir(), "bench", "--device", "ascend", "--cases", "latency")
			cmd.Env = append(cmd.Env, "ASCEND_HOME_PATH=", "ASCEND_OPP_PATH=", "MNV2_FAKE_ACL_QUIET=1")
			cmd.Env = append(cmd.Env, c.env...)
			cmd.Stderr = &errs
			_ = cmd.Run() // its status is what is looked at
			assert.Equal(t, cli.NoDevice, cmd.ProcessState.ExitCode())
			lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
			require.Len(t, lines, 2, "the error and which devices there are: %s", errs.String())
			assert.True(t, strings.HasPrefix(lines[0], `mnv2: --device "ascend": ascend:0: open: `), lines[0])
			for _, words := range c.says {
				assert.Contains(t, lines[0], words)
			}
			assert.Contains(t, lines[1], "found: cpu")
			t.Log(lines[0])
		})
	}
}
