package kernels

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/csrc/fake/cudahost"
	"mnv2/internal/shareddata"
)

// TestKernels runs the kernels of every source on the host: the program of the same name in testdata compares them with float64
// loops, with blocks first to last, last to first and shuffled.
func TestKernels(t *testing.T) {
	if _, err := exec.LookPath("g++"); err != nil {
		shareddata.Skip(t, "gcc", err)
	}
	dir := t.TempDir()
	lib, err := cudahost.Build(dir)
	require.NoError(t, err)
	for _, source := range Sources() {
		t.Run(source, func(t *testing.T) {
			program := buildProgram(t, dir, lib, source)
			for _, order := range []string{"0", "1", "2"} {
				runProgram(t, program, dir, source, "MNV2_FAKE_ORDER="+order)
			}
		})
	}
}

// TestSanitized runs the same programs with a look at every access, and under the address and undefined-behaviour sanitizers.
func TestSanitized(t *testing.T) {
	if !shareddata.Required("sanitizers") {
		t.Skip("takes minutes: make cuda-sanitize")
	}
	dir := t.TempDir()
	lib, err := cudahost.Build(dir)
	require.NoError(t, err)
	t.Run("they are at work", func(t *testing.T) { wantUndefined(t, dir, lib) })
	for _, source := range Sources() {
		t.Run(source, func(t *testing.T) {
			runProgram(t, buildProgram(t, dir, lib, source), dir, source, "MNV2_FAKE_CHECK=1")
			program := buildProgram(t, dir, lib, source, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
			runProgram(t, program, dir, source, "MNV2_FAKE_SANITIZE=1", "ASAN_OPTIONS=detect_leaks=0")
		})
	}
}

// wantUndefined wants the sanitizers to stop a kernel that does what C++ leaves undefined.
func wantUndefined(t *testing.T, dir, lib string) {
	program := buildProgram(t, dir, lib, "undefined.cu", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
	for argument, words := range map[string]string{"shift": "shift exponent", "stack": "stack-buffer-overflow"} {
		cmd := exec.Command(program, argument)
		cmd.Env = append(os.Environ(), "MNV2_CUDAHOST_CACHE="+filepath.Join(dir, "cache"), "MNV2_FAKE_SANITIZE=1", "ASAN_OPTIONS=detect_leaks=0")
		out, err := cmd.CombinedOutput()
		assert.Error(t, err, argument)
		assert.Contains(t, string(out), words, argument)
	}
}

// buildProgram builds the program that checks source.
func buildProgram(t *testing.T, dir, lib, source string, more ...string) string {
	name := strings.TrimSuffix(source, ".cu")
	program := filepath.Join(dir, name)
	args := append([]string{"-std=c++17", "-O2", "-Wall", "-Wno-unused-function", "-I", dir, "-I", "testdata", "-o", program,
		filepath.Join("testdata", name+".cc"), lib, "-Wl,-rpath," + dir}, more...)
	out, err := exec.Command("g++", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// runProgram runs it with more variables in its environment.
func runProgram(t *testing.T, program, dir, source string, variables ...string) {
	cmd := exec.Command(program, append(Headers(), source)...)
	cmd.Env = append(os.Environ(), "MNV2_CUDAHOST_CACHE="+filepath.Join(dir, "cache"))
	cmd.Env = append(cmd.Env, variables...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%v: %s", variables, out)
}

func TestText(t *testing.T) {
	assert.Contains(t, Text(Elements), "KERNEL add")
	assert.Contains(t, Sources(), Norm)
	assert.Contains(t, Headers(), "common.cuh")
	for _, name := range Headers() {
		assert.Contains(t, Text(name), "#pragma once", name)
	}
	assert.Empty(t, Text("missing.cu"))
}
