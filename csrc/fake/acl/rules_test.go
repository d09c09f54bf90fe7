package aclfake

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/internal/shareddata"
)

// TestRules runs src/test/rules.c against both layouts, and once under the address and
// undefined-behaviour sanitizers.
func TestRules(t *testing.T) {
	const sanitize = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined"
	for name, o := range map[string]Options{
		"old":       {Layout: Old},
		"split":     {Layout: Split},
		"sanitized": {Layout: Old, CFlags: sanitize},
	} {
		t.Run(name, func(t *testing.T) {
			if o.CFlags != "" && os.Getenv("MNV2_EXEC") != "" {
				shareddata.Skip(t, "sanitizers", "they do not run under qemu-user")
			}
			install := build(t, o)
			out, err := rules(t, install, o).CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Contains(t, string(out), "ok   fails_on_request")
		})
	}
}

// rules compiles the program of the rules against an installation.
func rules(t *testing.T, install *Install, o Options) *exec.Cmd {
	t.Helper()
	lib := filepath.Join(install.Home, "lib64")
	program := filepath.Join(t.TempDir(), "rules")
	args := []string{"-std=gnu11", "-Wall", "-Wextra", "-Werror", "-I../../acl", "-o", program, "src/test/rules.c", "-L" + lib, "-Wl,--no-as-needed"}
	args = append(args, strings.Fields(o.CFlags)...)
	libraries, err := filepath.Glob(filepath.Join(lib, "lib*.so"))
	require.NoError(t, err)
	for _, l := range libraries {
		args = append(args, "-l:"+filepath.Base(l))
	}
	out, err := exec.Command(compiler(), append(args, "-lm", "-Wl,-rpath,"+lib)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	cmd := emulated(program)
	cmd.Env = append(os.Environ(), install.Env()...)
	return cmd
}

// emulated runs a C program, which needs the emulator too if it is for another architecture.
func emulated(program string) *exec.Cmd {
	command := append(strings.Fields(os.Getenv("MNV2_EXEC")), program)
	return exec.Command(command[0], command[1:]...)
}
