//go:build cgo && linux

package nv

/*
#include <stdlib.h>
#include "binding.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"
)

// Header is a file that a source may include by name.
type Header struct{ Name, Text string }

// Source is a program for the compiler. It may not include anything but Headers.
type Source struct {
	Name    string // stands in messages
	Text    string
	Headers []Header
	Options []string // in order, without the architecture
}

// Compiled is what the compiler made of a source.
type Compiled struct {
	Cubin []byte
	Log   string // warnings, and with --ptxas-options=-v the use of registers
}

// CompileError is a source that the compiler refused. It is [ErrCompile].
type CompileError struct {
	Source, Arch string
	Log          string // the compiler's words, with lines and columns
	Err          *Error
}

// Error returns the first complaint; the whole log is in the field.
func (e *CompileError) Error() string {
	first := ""
	for line := range strings.Lines(e.Log) {
		if first == "" || strings.Contains(line, "error") {
			first = strings.TrimSpace(line)
		}
		if strings.Contains(line, "error") {
			break
		}
	}
	return fmt.Sprintf("compile %s for %s: %s: %s", e.Source, e.Arch, e.Err.Name, first)
}

// Is reports whether target is ErrCompile.
func (e *CompileError) Is(target error) bool { return target == ErrCompile }

// Unwrap returns the vendor's result.
func (e *CompileError) Unwrap() error { return e.Err }

// Compile makes machine code of a source for an architecture like "sm_90". It needs no device, and takes from a tenth of
// a second up. Several goroutines may compile at a time.
func (l *Library) Compile(src Source, arch string) (Compiled, error) {
	names, texts := make([]string, len(src.Headers)), make([]string, len(src.Headers))
	for i, h := range src.Headers {
		names[i], texts[i] = h.Name, h.Text
	}
	var m cMemory
	defer m.free()
	request := (*C.nv_source)(m.alloc(C.sizeof_nv_source))
	*request = C.nv_source{
		name: m.str(src.Name), text: m.str(src.Text),
		headers: C.int(len(names)), header_names: m.strs(names), header_texts: m.strs(texts),
	}
	options := append([]string{"--gpu-architecture=" + arch}, src.Options...)
	request.options, request.option_texts = C.int(len(options)), m.strs(options)

	var image C.nv_image
	r := C.nv_compile(l.api, request, &image)
	defer C.free(unsafe.Pointer(image.data))
	defer C.free(unsafe.Pointer(image.log))
	log := strings.TrimSpace(C.GoString(image.log))
	if err := failure(r, "compile %s for %s", src.Name, arch); err != nil {
		return Compiled{}, compileError(err, src.Name, arch, log)
	}
	if image.size == 0 {
		return Compiled{}, fmt.Errorf("compile %s: %s is not an architecture to make machine code for: use sm_NN", src.Name, arch)
	}
	return Compiled{Cubin: C.GoBytes(unsafe.Pointer(image.data), C.int(image.size)), Log: log}, nil
}

// compileError makes a refused source a CompileError, and leaves other failures as they are.
func compileError(err error, name, arch, log string) error {
	var e *Error
	if errors.As(err, &e) && e.Library == libraryNames[C.NV_NVRTC] && e.Call == "nvrtcCompileProgram" &&
		(e.Code == C.NV_NVRTC_ERROR_COMPILATION || e.Code == C.NV_NVRTC_ERROR_INVALID_OPTION) {
		return &CompileError{Source: name, Arch: arch, Log: log, Err: e}
	}
	return err
}

// Architectures returns the architectures that the compiler knows, as numbers: 90 for sm_90.
func (l *Library) Architectures() ([]int, error) {
	const room = 128
	var numbers [room]C.int
	var n C.int
	if err := failure(C.nv_compiler_architectures(l.api, &numbers[0], room, &n), "ask for the compiler's architectures"); err != nil {
		return nil, err
	}
	list := make([]int, 0, n)
	for _, a := range numbers[:min(n, room)] {
		list = append(list, int(a))
	}
	return list, nil
}

// cMemory is memory of C that is freed together.
type cMemory []unsafe.Pointer

func (m *cMemory) alloc(bytes C.size_t) unsafe.Pointer {
	p := C.calloc(1, max(bytes, 1)) // never nil: cgo's calloc panics instead
	*m = append(*m, p)
	return p
}

func (m *cMemory) str(s string) *C.char {
	p := C.CString(s)
	*m = append(*m, unsafe.Pointer(p))
	return p
}

func (m *cMemory) strs(list []string) **C.char {
	p := m.alloc(C.size_t(len(list)) * C.size_t(unsafe.Sizeof(uintptr(0))))
	array := unsafe.Slice((**C.char)(p), len(list))
	for i, s := range list {
		array[i] = m.str(s)
	}
	return (**C.char)(p)
}

func (m *cMemory) free() {
	for _, p := range *m {
		C.free(p)
	}
}
