//go:build cgo && linux

package nv

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// EnvLibs names the environment variable that says where the libraries are: folders, separated by colons, that are
// searched first. A folder may hold the libraries themselves, or be the root of a toolkit or a Python environment's
// site-packages. After "only:" no other place is searched.
const EnvLibs = "MNV2_CUDA_LIBS"

// Options say where to look for the libraries.
type Options struct {
	Dirs []string // searched first
	Only bool     // nowhere else
}

// OptionsFromEnv reads [EnvLibs].
func OptionsFromEnv() Options {
	value, only := strings.CutPrefix(os.Getenv(EnvLibs), "only:")
	o := Options{Only: only}
	for _, dir := range filepath.SplitList(value) {
		if dir != "" {
			o.Dirs = append(o.Dirs, dir)
		}
	}
	return o
}

// loaderPath stands for the loader's own search: its cache and LD_LIBRARY_PATH.
const loaderPath = ""

// folders returns where to look, the likeliest first: what the user named; what the loader finds; toolkits; Python's
// environments. Copies that are loaded already are found by the loader under their names.
func (o Options) folders() []string {
	var dirs []string
	for _, dir := range o.Dirs {
		dirs = append(dirs, under(dir)...)
	}
	if o.Only {
		return dirs
	}
	dirs = append(dirs, loaderPath, "/usr/lib/wsl/lib", "/usr/local/nvidia/lib64")
	for _, root := range toolkits() {
		dirs = append(dirs, under(root)...)
	}
	for _, root := range pythons() {
		dirs = append(dirs, under(root)...)
	}
	return dirs
}

// under returns the folders below root that hold libraries, in toolkits and in Python's site-packages.
func under(root string) []string {
	arch := map[string]string{"amd64": "x86_64-linux", "arm64": "sbsa-linux"}[runtime.GOARCH]
	dirs := []string{root, filepath.Join(root, "lib64"), filepath.Join(root, "lib"), filepath.Join(root, "targets", arch, "lib")}
	wheels, _ := filepath.Glob(filepath.Join(root, "nvidia", "*", "lib")) // the pattern is well-formed
	return slices.DeleteFunc(append(dirs, wheels...), func(dir string) bool {
		info, err := os.Stat(dir)
		return err != nil || !info.IsDir()
	})
}

func toolkits() []string {
	roots := []string{os.Getenv("CUDA_HOME"), os.Getenv("CUDA_PATH"), "/usr/local/cuda"}
	versions, _ := filepath.Glob("/usr/local/cuda-*")
	slices.Reverse(versions) // the newest first
	return nonEmpty(append(roots, versions...))
}

// pythons returns the site-packages of the active environments and of the python3 on the PATH.
func pythons() []string {
	var prefixes []string
	for _, name := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		prefixes = append(prefixes, os.Getenv(name))
	}
	if python, err := exec.LookPath("python3"); err == nil {
		prefixes = append(prefixes, filepath.Dir(filepath.Dir(python)))
	}
	var roots []string
	for _, prefix := range nonEmpty(prefixes) {
		for _, pattern := range []string{"lib/python3*/site-packages", "lib/python3*/dist-packages", "local/lib/python3*/dist-packages"} {
			found, _ := filepath.Glob(filepath.Join(prefix, pattern))
			roots = append(roots, found...)
		}
		roots = append(roots, prefix) // Conda keeps libraries in lib
	}
	return roots
}

func nonEmpty(list []string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}
