// Package cudahost builds the library that compiles CUDA C++ kernels for the host and runs them there, which stands behind
// the stand-ins for libnvrtc and libcuda. See src/cudahost.h.
package cudahost

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed src
var sources embed.FS

// LibraryName is the file that Build makes.
const LibraryName = "libcudahost.so"

// flags are what the library is compiled with. The launch in progress, a variable of the thread, is looked up at every switch.
var flags = []string{"-std=c++17", "-O2", "-g", "-fPIC", "-shared", "-Wall", "-Wextra", "-ftls-model=initial-exec"}

// Sources returns all that the library is made of, in a fixed order.
func Sources() string {
	var all strings.Builder
	fmt.Fprintln(&all, compiler(), flags)
	entries, err := sources.ReadDir("src")
	if err != nil {
		panic("cudahost: " + err.Error()) // the folder is embedded
	}
	for _, e := range entries {
		b, err := sources.ReadFile("src/" + e.Name())
		if err != nil {
			panic("cudahost: " + err.Error())
		}
		fmt.Fprintf(&all, "%s\n%s\n", e.Name(), b)
	}
	return all.String()
}

// Build writes the library, and cudahost.h beside it, to folder. It needs g++, or what CXX names.
func Build(folder string) (library string, err error) {
	work, err := os.MkdirTemp(folder, "cudahost-")
	if err != nil {
		return "", fmt.Errorf("cudahost: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	units, err := extract(work)
	if err != nil {
		return "", fmt.Errorf("cudahost: %w", err)
	}
	if err := copyFile(filepath.Join(folder, "cudahost.h"), filepath.Join(work, "cudahost.h")); err != nil {
		return "", fmt.Errorf("cudahost: %w", err)
	}
	library = filepath.Join(folder, LibraryName)
	temporary := filepath.Join(work, LibraryName)
	args := append(append(slices.Clone(flags), "-o", temporary), units...)
	out, err := exec.Command(compiler(), append(args, "-ldl", "-lpthread")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("cudahost: %s: %w\n%s", compiler(), err, out)
	}
	if len(out) > 0 {
		return "", fmt.Errorf("cudahost: %s warns:\n%s", compiler(), out)
	}
	return library, os.Rename(temporary, library)
}

func compiler() string {
	if cxx := os.Getenv("CXX"); cxx != "" {
		return cxx
	}
	return "g++"
}

// extract writes the sources to folder, and the headers that kernels need as one text. It returns what is to be compiled.
func extract(folder string) (units []string, err error) {
	entries, err := sources.ReadDir("src")
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, e := range entries {
		b, err := sources.ReadFile("src/" + e.Name())
		if err != nil {
			return nil, err
		}
		texts[e.Name()] = string(b)
		path := filepath.Join(folder, e.Name())
		if err := os.WriteFile(path, b, 0o600); err != nil {
			return nil, err
		}
		if strings.HasSuffix(path, ".cc") {
			units = append(units, path)
		}
	}
	prelude := filepath.Join(folder, "prelude.cc")
	text := deviceText(texts["abi.h"] + texts["device.h"])
	return append(units, prelude), os.WriteFile(prelude, []byte(text), 0o600)
}

// deviceText is C++ that defines cudahost_device_text, in pieces that every compiler takes.
func deviceText(text string) string {
	var b strings.Builder
	b.WriteString("extern const char cudahost_device_text[];\nconst char cudahost_device_text[] =\n")
	for _, line := range strings.SplitAfter(strings.Replace(text, "#pragma once", "", 1), "\n") {
		fmt.Fprintf(&b, "%q\n", line)
	}
	b.WriteString(";\n")
	return b.String()
}

func copyFile(to, from string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o600)
}
