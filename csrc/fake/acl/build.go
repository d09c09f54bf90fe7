package aclfake

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Layout is the set of library names of a toolkit.
type Layout string

// The layouts: Old is CANN up to 8.3 (libascendcl, libnnopbase, libopapi), Split is
// CANN from 8.5 on (libacl_rt, libnnopbase, libopapi_math, libopapi_nn), Stub is Old as
// link stubs that only answer 100039.
const (
	Old   Layout = "old"
	Split Layout = "split"
	Stub  Layout = "stub"
)

// Options say which installation to build. The zero value of each but Layout is the
// ordinary one.
type Options struct {
	Layout  Layout
	Hidden  []string // symbols to leave out, as an older toolkit would
	Version string   // of all packages; default 8.1.RC1 (Old) or 9.0.0 (Split)
	CC      string   // C compiler; default gcc, or the cross compiler for the running architecture
	CFlags  string   // default -O3 -g
}

// Install is a built installation.
type Install struct {
	Home string // the value for ASCEND_HOME_PATH; libraries lie in Home/lib64
}

// OPP returns the folder of the operator package, the value for ASCEND_OPP_PATH.
func (i *Install) OPP() string { return filepath.Join(i.Home, "opp") }

// Env returns the two variables that set_env.sh of this installation would set.
func (i *Install) Env() []string {
	return []string{"ASCEND_HOME_PATH=" + i.Home, "ASCEND_OPP_PATH=" + i.OPP()}
}

// Runtime returns the path of the library that holds the runtime and the stand-in's
// own functions.
func (i *Install) Runtime() string {
	split := filepath.Join(i.Home, "lib64", "libacl_rt.so")
	if _, err := os.Stat(split); err == nil {
		return split
	}
	return filepath.Join(i.Home, "lib64", "libascendcl.so")
}

// ErrNoCompiler says that there is no C compiler to build with.
var ErrNoCompiler = errors.New("aclfake: no C compiler")

// Build compiles the stand-in, or finds it in the cache: the folder is named after a
// hash of the sources and options, and appears complete or not at all, so that tests
// may build side by side.
func Build(o Options) (*Install, error) {
	if o.CC == "" {
		o.CC = compiler()
	}
	if _, err := exec.LookPath(o.CC); err != nil {
		return nil, fmt.Errorf("%w: %s: install gcc", ErrNoCompiler, o.CC)
	}
	here, err := folder()
	if err != nil {
		return nil, err
	}
	sum, err := hash(here, o)
	if err != nil {
		return nil, fmt.Errorf("aclfake: hash sources: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	home := filepath.Join(cache, "mnv2", "acl-fake", sum)
	if _, err := os.Stat(home); err == nil {
		return &Install{home}, nil
	}
	if err := compile(here, home, o); err != nil {
		return nil, err
	}
	return &Install{home}, nil
}

// compile builds beside the final place and renames; losing a race is fine.
func compile(here, home string, o Options) error {
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
		return fmt.Errorf("aclfake: %w", err)
	}
	temp, err := os.MkdirTemp(filepath.Dir(home), "build-")
	if err != nil {
		return fmt.Errorf("aclfake: %w", err)
	}
	defer os.RemoveAll(temp)
	cmd := exec.Command(filepath.Join(here, "build.sh"), append([]string{temp, string(o.Layout)}, o.Hidden...)...)
	cmd.Env = append(os.Environ(), "CC="+o.CC, "CFLAGS="+o.CFlags, "VERSION="+o.Version)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("aclfake: build.sh %s: %w\n%s", o.Layout, err, output.Bytes())
	}
	if err := os.Rename(temp, home); err != nil {
		if _, lost := os.Stat(home); lost != nil {
			return fmt.Errorf("aclfake: %w", err)
		}
	}
	return nil
}

// compiler is gcc, or, for a program that runs under an emulator, the cross compiler
// of the architecture it was built for.
func compiler() string {
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	out, err := exec.Command("gcc", "-dumpmachine").Output()
	if err == nil && machine != "" && !strings.HasPrefix(string(out), machine) {
		return machine + "-linux-gnu-gcc"
	}
	return "gcc"
}

// folder finds this package's sources from the working folder of the test.
func folder() (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("aclfake: %w", err)
	}
	for {
		here := filepath.Join(at, "csrc", "fake", "acl")
		if _, err := os.Stat(filepath.Join(here, "build.sh")); err == nil {
			return here, nil
		}
		up := filepath.Dir(at)
		if up == at {
			return "", errors.New("aclfake: csrc/fake/acl not found above the working folder")
		}
		at = up
	}
}

func hash(here string, o Options) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%+v\n", o)
	add := func(path string) error {
		data, err := os.ReadFile(path)
		fmt.Fprintf(h, "%s %d\n%s", filepath.Base(path), len(data), data)
		return err
	}
	if err := add(filepath.Join(here, "build.sh")); err != nil {
		return "", err
	}
	if err := add(filepath.Join(here, "..", "..", "acl", "acl.h")); err != nil {
		return "", err
	}
	err := filepath.WalkDir(filepath.Join(here, "src"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return add(path)
	})
	return fmt.Sprintf("%.12x", h.Sum(nil)), err
}
