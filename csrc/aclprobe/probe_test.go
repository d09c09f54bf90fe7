//go:build cgo && linux

package aclprobe

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/csrc/acl"
	aclfake "mnv2/csrc/fake/acl"
	"mnv2/internal/shareddata"
)

// childVariable makes the test binary run the probe that it names.
const childVariable = "MNV2_TEST_PROBE"

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		os.Exit(child(name))
	}
	os.Exit(m.Run())
}

func child(name string) int {
	if _, err := acl.Load(); err != nil {
		os.Stderr.WriteString(err.Error())
		return 1
	}
	for _, p := range Probes() {
		if p.Name != name {
			continue
		}
		answers, err := p.Run()
		if err == nil {
			err = json.NewEncoder(os.Stdout).Encode(answers)
		}
		if err == nil {
			return 0
		}
	}
	return 1
}

// TestTheStandInAnswersAsAssumed holds the list to the stand-in: on another chip some answers are others.
func TestTheStandInAnswersAsAssumed(t *testing.T) {
	for _, layout := range []aclfake.Layout{aclfake.Old, aclfake.Split} {
		install, err := aclfake.Build(aclfake.Options{Layout: layout})
		if errors.Is(err, aclfake.ErrNoCompiler) {
			shareddata.Skip(t, "gcc", err)
		}
		require.NoError(t, err)
		for _, p := range Probes() {
			t.Run(string(layout)+"/"+p.Name, func(t *testing.T) {
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(append(os.Environ(), childVariable+"="+p.Name, "MNV2_FAKE_ACL_QUIET=1"), install.Env()...)
				out, err := cmd.Output()
				require.NoError(t, err)
				var answers []Answer
				require.NoError(t, json.Unmarshal(out, &answers))
				assert.NotEmpty(t, answers)
				for _, a := range answers {
					assert.Equal(t, a.Assumed, a.Got, a.Call)
				}
			})
		}
	}
}

func TestNotesThatCannotBeRead(t *testing.T) {
	for _, text := range []string{"a\t1\n", "a\tb\t1\n", "a\t1\tc\n"} {
		_, err := parse(text)
		assert.ErrorContains(t, err, "aclprobe: note")
	}
	list, err := parse("")
	require.NoError(t, err)
	assert.Empty(t, list)
}
