//go:build cgo && linux

package nv

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/shareddata"
)

// realCompiler opens NVIDIA's own NVRTC, which needs no GPU. Without one the test is skipped, unless MNV2_REQUIRE has "nvrtc".
func realCompiler(t *testing.T) *Library {
	t.Helper()
	l, err := OpenCompiler(OptionsFromEnv())
	if err != nil {
		shareddata.Skip(t, "nvrtc", err)
	}
	return l
}

const scaleSource = `
#include "scale.h"
extern "C" __global__ void scale(float *x, int n) {
	int i = blockIdx.x * blockDim.x + threadIdx.x;
	if (i < n) x[i] = FACTOR * x[i];
}`

func scale(options ...string) Source {
	return Source{Name: "scale.cu", Text: scaleSource, Headers: []Header{{"scale.h", "#define FACTOR 3\n"}}, Options: options}
}

func TestRealCompilerMakesMachineCode(t *testing.T) {
	l := realCompiler(t)
	arches, err := l.Architectures()
	require.NoError(t, err)
	assert.Contains(t, arches, 90)

	made, err := l.Compile(scale("--std=c++17", "--ptxas-options=-v"), "sm_90")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(made.Cubin), "\x7fELF"), "a cubin is an ELF file")
	assert.Contains(t, string(made.Cubin), "scale")
	again, err := l.Compile(scale("--std=c++17"), "sm_90")
	require.NoError(t, err)
	assert.NotEmpty(t, again.Cubin)
}

func TestRealCompilerRefuses(t *testing.T) {
	l := realCompiler(t)
	cases := map[string]struct {
		src  Source
		arch string
		want []string
	}{
		"syntax":       {Source{Name: "bad.cu", Text: "extern \"C\" __global__ void f() { int x = y; }"}, "sm_90", []string{"compile bad.cu for sm_90", "NVRTC_ERROR_COMPILATION", "bad.cu(1): error", "\"y\" is undefined"}},
		"header":       {Source{Name: "bad.cu", Text: "#include \"none.h\"\n"}, "sm_90", []string{"none.h"}},
		"option":       {scale("--no-such-option"), "sm_90", []string{"NVRTC_ERROR_INVALID_OPTION", "no-such-option"}},
		"architecture": {scale(), "sm_1", []string{"NVRTC_ERROR_INVALID_OPTION", "compile scale.cu for sm_1"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := l.Compile(c.src, c.arch)
			require.ErrorIs(t, err, ErrCompile)
			var e *CompileError
			require.True(t, errors.As(err, &e))
			for _, part := range c.want {
				assert.Contains(t, err.Error(), part)
			}
			assert.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := l.Compile(scale(), "compute_90")
	assert.ErrorContains(t, err, "not an architecture to make machine code for")
}
