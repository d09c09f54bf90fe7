package acl

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// install makes a toolkit whose lib64 has the given files, and returns its root.
func install(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(root, "lib64"), 0o755))
	for _, name := range names {
		require.NoError(t, os.WriteFile(filepath.Join(root, "lib64", name), nil, 0o644))
	}
	return root
}

var (
	oldFiles   = []string{"libascendcl.so", "libnnopbase.so", "libopapi.so"}
	splitFiles = []string{"libacl_rt.so", "libascendcl.so", "libnnopbase.so", "libopapi_nn.so", "libopapi_math.so", "libopapi.so"}
)

// world is an env whose variables are those given.
func world(variables map[string]string, roots ...string) env {
	return env{getenv: func(name string) string { return variables[name] }, loader: func(string) string { return "" }, roots: roots}
}

// sourced are the variables that set_env.sh of a toolkit sets.
func sourced(root string) map[string]string {
	return map[string]string{"ASCEND_HOME_PATH": root, "ASCEND_OPP_PATH": root + "/opp"}
}

func TestFindTakesOneLayoutAndNeverMixes(t *testing.T) {
	for _, c := range []struct {
		name    string
		files   []string
		runtime []string
		ops     []string
	}{
		{"CANN 8.1", oldFiles, []string{"libascendcl.so"}, singleOps},
		{"CANN 9", splitFiles, []string{"libacl_rt.so"}, splitOps},
		{"CANN 9 without shells", []string{"libacl_rt.so", "libnnopbase.so", "libopapi_nn.so", "libopapi_math.so"}, []string{"libacl_rt.so"}, splitOps},
		{"CANN 7", append([]string{"libascendcl.so", "libnnopbase.so"}, oldestOps...), []string{"libascendcl.so"}, oldestOps},
	} {
		root := install(t, c.files...)
		set, err := world(sourced(root)).find()
		require.NoError(t, err, c.name)
		assert.Equal(t, c.runtime, set.Runtime, c.name)
		assert.Equal(t, c.ops, set.Ops, c.name)
		assert.Equal(t, filepath.Join(root, "lib64"), set.Dir, c.name)
	}
}

func TestFindSaysWhatIsWrongWithAnInstallation(t *testing.T) {
	good, other := install(t, oldFiles...), install(t, splitFiles...)
	half := install(t, "libacl_rt.so", "libnnopbase.so", "libopapi_nn.so")
	bare := install(t, "libascendcl.so")
	loaderOf := func(root string, e env) env {
		e.loader = func(name string) string {
			if _, err := os.Stat(filepath.Join(root, "lib64", name)); err != nil {
				return ""
			}
			return filepath.Join(root, "lib64", name)
		}
		return e
	}
	for _, c := range []struct {
		name string
		env  env
		says string
	}{
		{"nothing", world(nil, "/no/such"), "CANN is not installed, or not where it is looked for: /no/such/lib64 (the usual folder)"},
		{"not sourced", world(nil, good), "its environment is not set: run \"source " + good + "/set_env.sh\" first"},
		{"half sourced", world(map[string]string{"ASCEND_HOME_PATH": good}), "its environment is not set"},
		{"two toolkits", loaderOf(other, world(sourced(good))), "two CANN toolkits are in use: the libraries are found in " + other},
		{"operators of another toolkit", world(map[string]string{"ASCEND_HOME_PATH": good, "ASCEND_OPP_PATH": other + "/opp"}),
			"two CANN toolkits are in use: ASCEND_HOME_PATH is " + good + ", ASCEND_OPP_PATH is " + other + "/opp"},
		{"operators in part", world(sourced(half)), "the operators are not: libopapi_math.so"},
		{"no operators", world(sourced(bare)), "libnnopbase.so, libopapi.so: install the operator package"},
		{"named folder without libraries", world(map[string]string{LibsVariable: "/no/such"}), LibsVariable + "=/no/such: no libascendcl.so"},
	} {
		_, err := c.env.find()
		assert.ErrorContains(t, err, c.says, c.name)
	}
}

func TestFindPrefersWhatIsNamed(t *testing.T) {
	named, installed := install(t, splitFiles...), install(t, oldFiles...)
	variables := sourced(installed)
	variables[LibsVariable] = filepath.Join(named, "lib64")
	set, err := world(variables, installed).find()
	require.NoError(t, err)
	assert.True(t, set.Split)
}

// TestOpsAreInTheOrderOfTheTable holds ops.go to symbols.h.
func TestOpsAreInTheOrderOfTheTable(t *testing.T) {
	text, err := os.ReadFile("symbols.h")
	require.NoError(t, err)
	found := regexp.MustCompile(`\bOP\((\w+), "`).FindAllStringSubmatch(string(text), -1)
	require.Len(t, found, len(opNames))
	for i, m := range found {
		assert.Equal(t, "aclnn"+m[1], Op(i).String())
	}
}

func TestErrorsSayTheirCode(t *testing.T) {
	e := &Error{Call: "aclrtMalloc", Code: 207001, Text: "EL0004: wanted 4 GB"}
	assert.EqualError(t, e, "aclrtMalloc = 207001 (out of device memory): EL0004: wanted 4 GB")
	assert.True(t, e.IsOutOfMemory())
	assert.False(t, e.IsLost())
	assert.True(t, (&Error{Code: 507015}).IsLost())
	assert.Equal(t, "a b c", oneLine(" a\n b\t c\n"))
}

// TestTheDocumentListsEveryPrototype holds docs/ascend.md to acl.h.
func TestTheDocumentListsEveryPrototype(t *testing.T) {
	header, err := os.ReadFile("acl.h")
	require.NoError(t, err)
	document, err := os.ReadFile("../../docs/ascend.md")
	require.NoError(t, err)
	functions := regexp.MustCompile(`(?m)^[a-zA-Z][\w ]*[ *]((?:acl|dcmi_)\w+)\(`).FindAllStringSubmatch(string(header), -1)
	operators := regexp.MustCompile(`(?m)^ACLNN_OP\((\w+),`).FindAllStringSubmatch(string(header), -1)
	require.Greater(t, len(functions), 50)
	require.Len(t, operators, len(opNames))
	for _, m := range functions {
		assert.Contains(t, string(document), "\n| "+m[1]+" |")
	}
	for _, m := range operators {
		assert.Contains(t, string(document), "\n| aclnn"+m[1]+", aclnn"+m[1]+"GetWorkspaceSize |")
	}
}
