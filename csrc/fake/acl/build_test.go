package aclfake

import (
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/internal/shareddata"
)

// build skips where there is no compiler, unless MNV2_REQUIRE names gcc.
func build(t *testing.T, o Options) *Install {
	t.Helper()
	install, err := Build(o)
	if errors.Is(err, ErrNoCompiler) {
		shareddata.Skip(t, "gcc", err)
	}
	require.NoError(t, err)
	return install
}

func exports(t *testing.T, path string) []string {
	t.Helper()
	f, err := elf.Open(path)
	require.NoError(t, err)
	defer f.Close()
	symbols, err := f.DynamicSymbols()
	require.NoError(t, err)
	var names []string
	for _, s := range symbols {
		if s.Section != elf.SHN_UNDEF && elf.ST_TYPE(s.Info) == elf.STT_FUNC {
			names = append(names, s.Name)
		}
	}
	return names
}

// vendorNames are the functions that the shared header declares.
func vendorNames(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../acl/acl.h")
	require.NoError(t, err)
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^(?:[a-zA-Z]+ )+\*?((?:acl|dcmi_)[A-Za-z_]+)\(`).FindAllSubmatch(text, -1) {
		names = append(names, string(m[1]))
	}
	for _, m := range regexp.MustCompile(`(?m)^ACLNN_OP\((\w+),`).FindAllSubmatch(text, -1) {
		names = append(names, "aclnn"+string(m[1]), "aclnn"+string(m[1])+"GetWorkspaceSize")
	}
	require.Greater(t, len(names), 100)
	return names
}

func TestBuildHasEveryDeclaredFunction(t *testing.T) {
	libraries := map[Layout][]string{
		Old:   {"libascendcl.so", "libnnopbase.so", "libopapi.so", "libdcmi.so"},
		Split: {"libacl_rt.so", "libnnopbase.so", "libopapi_math.so", "libopapi_nn.so", "libdcmi.so"},
		Stub:  {"libascendcl.so", "libnnopbase.so", "libopapi.so", "libdcmi.so"},
	}
	for layout, files := range libraries {
		t.Run(string(layout), func(t *testing.T) {
			install := build(t, Options{Layout: layout})
			var have []string
			for _, f := range files {
				have = append(have, exports(t, filepath.Join(install.Home, "lib64", f))...)
			}
			sort.Strings(have)
			for _, name := range vendorNames(t) {
				_, found := slices.BinarySearch(have, name)
				require.True(t, found, "%s is missing", name)
			}
			require.FileExists(t, filepath.Join(install.Home, "share", "info", "runtime", "version.info"))
			require.DirExists(t, install.OPP())
		})
	}
}

func TestBuildHidesSymbols(t *testing.T) {
	install := build(t, Options{Layout: Old, Hidden: []string{"aclsysGetCANNVersion", "aclnnInplaceCopy"}})
	require.NotContains(t, exports(t, install.Runtime()), "aclsysGetCANNVersion")
	ops := exports(t, filepath.Join(install.Home, "lib64", "libopapi.so"))
	require.NotContains(t, ops, "aclnnInplaceCopy")
	require.Contains(t, ops, "aclnnInplaceCopyGetWorkspaceSize")
}

func TestBuildUsesTheCache(t *testing.T) {
	first := build(t, Options{Layout: Old})
	second := build(t, Options{Layout: Old})
	require.Equal(t, first, second)
	other := build(t, Options{Layout: Old, Version: "8.0.RC1"})
	require.NotEqual(t, first, other)
}

func TestBuildRefusals(t *testing.T) {
	build(t, Options{Layout: Old})
	_, err := Build(Options{Layout: "new"})
	require.ErrorContains(t, err, `layout "new": old, split or stub`)
	_, err = Build(Options{Layout: Old, CC: "no-such-compiler"})
	require.ErrorIs(t, err, ErrNoCompiler)
}

func TestStubsAnswerWithTheirCode(t *testing.T) {
	install := build(t, Options{Layout: Stub})
	main := filepath.Join(t.TempDir(), "main.c")
	require.NoError(t, os.WriteFile(main, []byte(`int aclInit(const char *); int main(void) { return aclInit(0) != 100039; }`), 0o644))
	program := filepath.Join(t.TempDir(), "stub")
	lib := filepath.Join(install.Home, "lib64")
	out, err := exec.Command(compiler(), "-o", program, main, "-L"+lib, "-lascendcl", "-Wl,-rpath,"+lib).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoError(t, emulated(program).Run())
}
