// Package fakenv builds stand-ins for NVIDIA's driver, NVRTC, NVML and cuDNN, so that csrc/nv and what stands on it can run on a
// machine without a GPU. Device memory is host memory between fences, kernels run on the host (csrc/fake/cudahost), and
// every call can be made to fail. src/fake.h lists the variables that configure them.
package fakenv

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"mnv2/csrc/fake/cudahost"
)

//go:embed src
var sources embed.FS

// The files that Build makes under the vendor's names.
const (
	Driver   = "libcuda.so.1"
	NVRTC    = "libnvrtc.so.12"
	Builtins = "libnvrtc-builtins.so.12.9"
	DNN      = "libcudnn.so.9"
	NVML     = "libnvidia-ml.so.1"
)

// coreName is what all of them share.
const coreName = "libfakenv.so"

// ErrNoCompiler says that gcc or g++ is missing.
var ErrNoCompiler = errors.New("fakenv: no C and C++ compiler: install gcc and g++")

// units are the sources of each library. The builtins are a library with nothing in it.
var units = []struct {
	name    string
	sources []string
}{
	{coreName, []string{"core.c", "memory.c", "queue.c"}},
	{Driver, []string{"driver.c", "driver_stream.c", "driver_memory.c", "driver_module.c"}},
	{NVRTC, []string{"nvrtc.c"}},
	{Builtins, []string{"builtins.c"}},
	{NVML, []string{"nvml.c"}},
	{DNN, []string{"cudnn.c", "cudnn_graph.c", "cudnn_conv.c"}},
}

// Build compiles all libraries into folder. hidden are functions to leave out, as an older library would.
func Build(folder string, hidden ...string) error {
	for _, tool := range []string{"gcc", "g++"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w: %w", ErrNoCompiler, err)
		}
	}
	header, err := bindingFolder()
	if err != nil {
		return err
	}
	if _, err := cudahost.Build(folder); err != nil {
		return fmt.Errorf("fakenv: %w", err)
	}
	work, err := os.MkdirTemp(folder, "fakenv-")
	if err != nil {
		return fmt.Errorf("fakenv: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := extract(work); err != nil {
		return fmt.Errorf("fakenv: %w", err)
	}
	if err := os.WriteFile(filepath.Join(work, "exports"), []byte(exports(hidden)), 0o600); err != nil {
		return fmt.Errorf("fakenv: %w", err)
	}
	for _, u := range units {
		if err := link(folder, work, header, u.name, u.sources); err != nil {
			return err
		}
	}
	return nil
}

// Kept returns a folder with the libraries that stays: in the user's cache folder, named by everything that they are made of.
// Only the first call on a machine compiles. hidden is as for Build.
func Kept(hidden ...string) (string, error) {
	sum, err := sum(hidden)
	if err != nil {
		return "", fmt.Errorf("fakenv: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	kept := filepath.Join(cache, "mnv2", "nv-fake", sum)
	if _, err := os.Stat(kept); err == nil {
		return kept, nil
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
		return "", fmt.Errorf("fakenv: %w", err)
	}
	temporary, err := os.MkdirTemp(filepath.Dir(kept), "build-")
	if err != nil {
		return "", fmt.Errorf("fakenv: %w", err)
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	if err := Build(temporary, hidden...); err != nil {
		return "", err
	}
	if err := os.Rename(temporary, kept); err != nil {
		if _, there := os.Stat(kept); there != nil { // no other process was faster
			return "", fmt.Errorf("fakenv: %w", err)
		}
	}
	return kept, nil
}

// sum tells all that the libraries are made of.
func sum(hidden []string) (string, error) {
	binding, err := bindingFolder()
	if err != nil {
		return "", err
	}
	var header []byte
	for _, name := range []string{"nv.h", "management.h"} {
		b, err := os.ReadFile(filepath.Join(binding, name))
		if err != nil {
			return "", err
		}
		header = append(header, b...)
	}
	version, _ := exec.Command("gcc", "--version").Output() // Build says if there is none
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%q\n%q\n%q\n%q\n", runtime.GOARCH, version, header, hidden, cudahost.Sources())
	err = fs.WalkDir(sources, "src", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := sources.ReadFile(path)
		fmt.Fprintf(h, "%q %q\n", path, b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)[:12]), err
}

// exports is a linker's version script that keeps the hidden functions in.
func exports(hidden []string) string {
	if len(hidden) == 0 {
		return "{ global: *; };\n"
	}
	return "{ global: *; local: " + strings.Join(hidden, "; ") + "; };\n"
}

func extract(folder string) error {
	entries, err := sources.ReadDir("src")
	if err != nil {
		return err
	}
	for _, e := range entries {
		b, err := sources.ReadFile("src/" + e.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, e.Name()), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func link(folder, work, header, name string, files []string) error {
	args := []string{"-std=gnu11", "-O1", "-g", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror",
		"-I", header, "-I", folder, "-Wl,-soname," + name, "-Wl,-rpath,$ORIGIN", "-Wl,--version-script," + filepath.Join(work, "exports"),
		"-o", filepath.Join(folder, name)}
	for _, f := range files {
		args = append(args, filepath.Join(work, f))
	}
	if name != coreName && name != Builtins {
		args = append(args, filepath.Join(folder, coreName), "-L", folder, "-l:"+cudahost.LibraryName)
	}
	out, err := exec.Command("gcc", append(args, "-ldl", "-lpthread")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("fakenv: build %s: %w\n%s", name, err, out)
	}
	return nil
}

// bindingFolder finds csrc/nv, which has nv.h, above the working folder of the test.
func bindingFolder() (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("fakenv: %w", err)
	}
	for {
		here := filepath.Join(at, "csrc", "nv")
		if _, err := os.Stat(filepath.Join(here, "nv.h")); err == nil {
			return here, nil
		}
		up := filepath.Dir(at)
		if up == at {
			return "", errors.New("fakenv: csrc/nv/nv.h not found above the working folder")
		}
		at = up
	}
}
