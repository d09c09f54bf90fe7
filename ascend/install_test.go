//go:build cgo && linux

package ascend

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/csrc/acl"
	aclfake "mnv2/csrc/fake/acl"
)

func TestVersionsMustBelongTogether(t *testing.T) {
	for _, c := range []struct {
		toolkit, kernels string
		fit              bool
	}{{"8.1.RC1", "8.1.RC1", true}, {"8.1.RC1.alpha002", "8.1.RC1", true}, {"", "8.1.RC1", true}, {"8.1.RC1", "", true},
		{"8.1.RC1", "8.0.0", false}, {"9.0.0", "9.1.0", false}} {
		err := checkVersions(c.toolkit, c.kernels)
		if c.fit {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, "the operator package is of another version than the toolkit: "+c.kernels)
		}
	}
}

func TestChipsAreKnownByTheLongestPrefix(t *testing.T) {
	for soc, family := range map[string]string{"Ascend910_9382": "A3", "Ascend910B4-1": "A2", "Ascend910ProB": "910A",
		"Ascend910A": "910A", "Ascend310P3": "310P", "Ascend950PR": "950"} {
		c, ok := chipOf(soc)
		assert.True(t, ok, soc)
		assert.Equal(t, family, c.family, soc)
	}
	_, ok := chipOf("Ascend310B1")
	assert.False(t, ok)
	assert.Equal(t, []backend.DType{backend.F16, backend.F32}, chip{}.dtypes(false))
	assert.Equal(t, []backend.DType{backend.F32, backend.F16}, chip{}.dtypes(true))
}

// probeVariable makes the test binary, in a process of its own, ask for the devices of what the environment names.
const probeVariable = "MNV2_TEST_ASCEND_PROBE"

func TestMain(m *testing.M) {
	if os.Getenv(probeVariable) != "" {
		os.Exit(printProbe())
	}
	os.Exit(m.Run())
}

// printProbe prints why there is no device. It returns the exit status: 0 if there is none.
func printProbe() int {
	_, err := Driver.Probe()
	if !errors.Is(err, backend.ErrUnavailable) {
		return 1
	}
	fmt.Println(err)
	return 0
}

// TestInstallationsThatDoNotWork wants one clear line each. Every case has a process of its own, because loaded libraries stay.
func TestInstallationsThatDoNotWork(t *testing.T) {
	standIn(t, "Ascend910B1") // skips where nothing can be built
	build := func(o aclfake.Options) []string {
		i, err := aclfake.Build(o)
		require.NoError(t, err)
		return i.Env()
	}
	good := build(aclfake.Options{Layout: aclfake.Old})
	for _, c := range []struct {
		name string
		env  []string
		says string
	}{
		{"nothing", []string{"ASCEND_HOME_PATH=", "ASCEND_OPP_PATH=", "HOME=/no/such"}, "CANN is not installed"},
		{"not sourced", append(good[:1:1], "ASCEND_OPP_PATH="), "its environment is not set"},
		{"link stub", build(aclfake.Options{Layout: aclfake.Stub}), "is a link stub and not the real library"},
		{"too old", build(aclfake.Options{Layout: aclfake.Old, Hidden: []string{"aclSetRawTensorAddr"}}), "too old: they lack aclSetRawTensorAddr (CANN 8.0.RC1)"},
		{"no device", append(good[:2:2], "MNV2_FAKE_ACL_DEVICES=0"), "CANN sees no NPU"},
	} {
		cmd := itself()
		cmd.Env = append(append(os.Environ(), probeVariable+"=1"), c.env...)
		out, err := cmd.CombinedOutput()
		assert.NoError(t, err, "%s: %s", c.name, out)
		assert.Contains(t, string(out), "ascend: open: ", c.name)
		assert.Contains(t, string(out), c.says, c.name)
		t.Logf("%s: %s", c.name, out)
	}
}

func TestChipsThatAreRefusedSayWhy(t *testing.T) {
	assert.ErrorContains(t, unknownChip("Ascend310B4"), `the chip "Ascend310B4" cannot be used: it has no kernels`)
	assert.ErrorContains(t, unknownChip("Ascend777"), `the chip "Ascend777" is not one this program knows`)
}

func TestErrorsOfOpeningSayWhatToTry(t *testing.T) {
	for code, says := range map[int]string{500000: "npu-smi info works", 507008: "a newer driver", 507033: "belongs to the toolkit"} {
		err := advised(&acl.Error{Call: "aclInit", Code: code})
		assert.ErrorContains(t, err, says)
		var v *acl.Error
		assert.ErrorAs(t, err, &v)
	}
	plain := errors.New("no")
	assert.Equal(t, plain, advised(plain))
}
