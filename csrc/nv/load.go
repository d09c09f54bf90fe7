//go:build cgo && linux

package nv

/*
#cgo CFLAGS: -std=gnu11 -Wall
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "binding.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"
)

// What is supported at least: the driver of CUDA 11.8 (520), NVRTC 11.8, cuDNN 9.0.
const (
	minDriver              = 11080
	minDNN                 = 90000
	oldestCUDA, newestCUDA = 11, 13
)

// File is a library in use.
type File struct {
	Name    string // "CUDA driver", "NVRTC", "NVRTC builtins", "cuDNN"
	Path    string
	Version string // as its maker writes it
}

// Library is NVIDIA's libraries, opened. They stay open until the process ends.
type Library struct {
	api    *C.nv_api
	files  []File
	driver int // 12040 for CUDA 12.4
	nvrtc  [2]int
	dnn    int // 90600 for 9.6.0
	noDNN  string
}

// Files returns what was opened, with versions and where it was found.
func (l *Library) Files() []File { return slices.Clone(l.files) }

// DriverVersion returns the newest CUDA that the driver supports: 12040 for 12.4.
func (l *Library) DriverVersion() int { return l.driver }

// CompilerVersion returns NVRTC's version.
func (l *Library) CompilerVersion() (major, minor int) { return l.nvrtc[0], l.nvrtc[1] }

// DNNVersion returns cuDNN's version: 90600 for 9.6.0, 0 without cuDNN.
func (l *Library) DNNVersion() int { return l.dnn }

// WithoutDNN says why there is no cuDNN; it is empty when there is one.
func (l *Library) WithoutDNN() string { return l.noDNN }

// LoadError says in one line which libraries are missing, why, and where they were looked for.
type LoadError struct {
	Missing []string // a sentence each
	Tried   []string // the folders
}

// Error returns the line.
func (e *LoadError) Error() string {
	tried := slices.Clone(e.Tried)
	for i, dir := range tried {
		if dir == loaderPath {
			tried[i] = "the loader's path"
		}
	}
	return fmt.Sprintf("%s (looked in %s; set %s to the folder that has them)",
		strings.Join(e.Missing, "; "), strings.Join(tried, ", "), EnvLibs)
}

// Unwrap returns [ErrUnavailable].
func (e *LoadError) Unwrap() error { return ErrUnavailable }

// Load opens the driver, and an NVRTC and a cuDNN that were built for the same major version of CUDA: the newest that the
// driver supports. cuDNN may be missing. The error is a [*LoadError].
func Load(o Options) (*Library, error) {
	s := &search{api: newTable(), dirs: o.folders()}
	s.findDriver()
	newest := newestCUDA
	if s.lib.driver > 0 {
		newest = min(newest, s.lib.driver/1000)
	}
	s.findPair(newest)
	return s.result()
}

// OpenCompiler opens NVRTC alone, the newest there is. It needs neither driver nor device.
func OpenCompiler(o Options) (*Library, error) {
	s := &search{api: newTable(), dirs: o.folders()}
	for major := newestCUDA; major >= oldestCUDA && s.lib.nvrtc[0] == 0; major-- {
		s.findCompiler(major)
	}
	if s.lib.nvrtc[0] == 0 {
		s.miss("NVRTC (CUDA's run-time compiler) is missing", s.compilerFaults)
	}
	return s.result()
}

// newTable returns memory of C for the functions. It is never freed, like the libraries.
func newTable() *C.nv_api { return (*C.nv_api)(C.calloc(1, C.sizeof_nv_api)) }

// search is one attempt to open everything.
type search struct {
	api     *C.nv_api
	dirs    []string
	lib     Library
	missing []string

	compilerFaults, dnnFaults []string // of files that are there and cannot be used
}

// miss notes that something is missing, and what was wrong with the candidates.
func (s *search) miss(what string, faults []string) {
	if len(faults) > 0 {
		slices.Sort(faults)
		what += ": " + strings.Join(slices.Compact(faults), ", ")
	}
	s.missing = append(s.missing, what)
}

func (s *search) result() (*Library, error) {
	if len(s.missing) > 0 {
		return nil, &LoadError{Missing: s.missing, Tried: s.dirs}
	}
	lib := s.lib
	lib.api = s.api
	return &lib, nil
}

// each opens the files of that name, one folder after the other, until use takes one. It returns why the others were not
// taken; a file that is not there is no fault.
func (s *search) each(name string, use func(handle unsafe.Pointer) error) (found bool, faults []string) {
	for _, dir := range s.dirs {
		path := filepath.Join(dir, name)
		handle, err := open(path)
		if err == nil {
			if err = use(handle); err == nil {
				return true, faults
			}
			path = pathOf(handle)
		}
		if !errors.Is(err, errNoFile) {
			faults = append(faults, fmt.Sprintf("%s: %v", path, err))
		}
	}
	return false, faults
}

var errNoFile = errors.New("no such file")

func open(path string) (unsafe.Pointer, error) {
	text := C.CString(path)
	defer C.free(unsafe.Pointer(text))
	var why *C.char
	handle := C.nv_open(text, &why)
	if handle != nil {
		return handle, nil
	}
	defer C.free(unsafe.Pointer(why))
	// The loader says "PATH: cannot open shared object file: No such file or directory", with the name of a dependency
	// instead of ours when that is what is missing.
	sentence := C.GoString(why)
	if strings.HasPrefix(sentence, path+": cannot open shared object file: No such file") {
		return nil, errNoFile
	}
	return nil, errors.New(strings.TrimPrefix(sentence, path+": "))
}

func pathOf(handle unsafe.Pointer) string { return C.GoString(C.nv_path(handle)) }

// bind fills a part of the table.
func (s *search) bind(which C.int, handle unsafe.Pointer) error {
	missing := C.nv_bind(s.api, which, handle)
	if missing == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(missing))
	return fmt.Errorf("lacks %s", C.GoString(missing))
}

func (s *search) add(name, path, version string) {
	s.lib.files = append(s.lib.files, File{Name: name, Path: path, Version: version})
}

func (s *search) findDriver() {
	found, faults := s.each("libcuda.so.1", func(handle unsafe.Pointer) error {
		if err := s.bind(C.NV_DRIVER, handle); err != nil {
			return err
		}
		var version C.int
		if r := C.nv_driver_version(s.api, &version); r.code == C.NV_CUDA_ERROR_STUB_LIBRARY {
			return errors.New("is the toolkit's stub, for linking only")
		} else if r.code != 0 {
			return fmt.Errorf("cuDriverGetVersion answers %d", r.code)
		}
		if version < minDriver {
			return fmt.Errorf("is for CUDA %s, and 11.8 is the oldest supported (driver 520)", cudaVersion(int(version)))
		}
		s.lib.driver = int(version)
		s.add("CUDA driver", pathOf(handle), "CUDA "+cudaVersion(int(version)))
		return nil
	})
	switch {
	case found:
	case len(faults) > 0:
		s.miss("the NVIDIA driver cannot be used", faults)
	default:
		s.miss("there is no NVIDIA driver: libcuda.so.1", nil)
	}
}

func cudaVersion(v int) string { return fmt.Sprintf("%d.%d", v/1000, v%1000/10) }

// findPair looks for NVRTC and cuDNN of one CUDA, the newest first; without such a pair for the newest NVRTC alone.
func (s *search) findPair(newest int) {
	var compilers, dnns []int // the majors of what was found without its partner
	for major := newest; major >= oldestCUDA; major-- {
		files := len(s.lib.files)
		hasCompiler, hasDNN := s.findCompiler(major), s.findDNN(major)
		if hasCompiler && hasDNN {
			return
		}
		s.lib.files = s.lib.files[:files]
		if hasCompiler {
			compilers = append(compilers, major)
		}
		if hasDNN {
			dnns = append(dnns, major)
		}
	}
	s.lib.dnn = 0
	if len(compilers) == 0 {
		s.miss(fmt.Sprintf("NVRTC (CUDA's run-time compiler) for CUDA %d or older is missing", newest), s.compilerFaults)
		return
	}
	s.findCompiler(compilers[0])
	s.lib.noDNN = fmt.Sprintf("cuDNN 9 for CUDA %d is missing", compilers[0])
	if len(dnns) > 0 {
		s.lib.noDNN += fmt.Sprintf(", there is one for CUDA %d", dnns[0])
	}
	if len(s.dnnFaults) > 0 {
		slices.Sort(s.dnnFaults)
		s.lib.noDNN += ": " + strings.Join(slices.Compact(s.dnnFaults), ", ")
	}
}

// compilerName returns NVRTC's file name in a version of CUDA.
func compilerName(major int) string {
	if major == 11 {
		return "libnvrtc.so.11.2" // of 11.2 to 11.8
	}
	return fmt.Sprintf("libnvrtc.so.%d", major)
}

func (s *search) findCompiler(major int) bool {
	found, faults := s.each(compilerName(major), func(handle unsafe.Pointer) error {
		if err := s.bind(C.NV_NVRTC, handle); err != nil {
			return err
		}
		var x, y C.int
		if err := failure(C.nv_compiler_version(s.api, &x, &y), "ask for the version"); err != nil {
			return err
		}
		builtins, err := s.openBuiltins(pathOf(handle), int(x), int(y))
		if err != nil {
			return err
		}
		s.lib.nvrtc = [2]int{int(x), int(y)}
		s.add("NVRTC", pathOf(handle), fmt.Sprintf("%d.%d", x, y))
		s.add("NVRTC builtins", builtins, fmt.Sprintf("%d.%d", x, y))
		return nil
	})
	s.compilerFaults = append(s.compilerFaults, faults...)
	return found
}

// openBuiltins opens the part that NVRTC opens by its bare name at the first compilation; once it is open under that name
// the loader finds it, wherever it lies.
func (s *search) openBuiltins(compiler string, major, minor int) (string, error) {
	name := fmt.Sprintf("libnvrtc-builtins.so.%d.%d", major, minor)
	for _, dir := range append([]string{filepath.Dir(compiler)}, s.dirs...) {
		handle, err := open(filepath.Join(dir, name))
		if err == nil {
			return pathOf(handle), nil
		}
		if !errors.Is(err, errNoFile) {
			return "", fmt.Errorf("its %s cannot be opened: %w", name, err)
		}
	}
	return "", fmt.Errorf("its %s is missing", name)
}

func (s *search) findDNN(major int) bool {
	found, faults := s.each("libcudnn.so.9", func(handle unsafe.Pointer) error {
		if err := s.bind(C.NV_CUDNN, handle); err != nil {
			return err
		}
		version, runtime := int(C.nv_dnn_version(s.api)), int(C.nv_dnn_runtime_version(s.api))
		if version < minDNN {
			return fmt.Errorf("is version %s, and 9.0 is the oldest supported", dnnVersion(version))
		}
		if runtime/1000 != major {
			return errOtherCUDA
		}
		s.openParts(filepath.Dir(pathOf(handle)), major)
		s.lib.dnn = version
		s.add("cuDNN", pathOf(handle), dnnVersion(version)+" for CUDA "+cudaVersion(runtime))
		return nil
	})
	s.dnnFaults = append(s.dnnFaults, slices.DeleteFunc(faults, func(f string) bool { return strings.HasSuffix(f, errOtherCUDA.Error()) })...)
	return found
}

var errOtherCUDA = errors.New("is for another CUDA")

// dnnVersion writes 90600 as 9.6.0, and the older 8907 as 8.9.7.
func dnnVersion(v int) string {
	if v < 10000 {
		return fmt.Sprintf("%d.%d.%d", v/1000, v%1000/100, v%100)
	}
	return fmt.Sprintf("%d.%d.%d", v/10000, v%10000/100, v%100)
}

// openParts opens cuDNN's sub-libraries, and cuBLASLt, which cuDNN itself opens by their bare names when it needs them. One
// that is missing is no error here: smaller packagings leave some out, and cuDNN says so when it needs one.
func (s *search) openParts(dir string, major int) {
	parts, _ := filepath.Glob(filepath.Join(dir, "libcudnn_*.so.9"))
	for range 2 { // they need each other, in an order that differs between versions
		for _, part := range parts {
			_, _ = open(part)
		}
	}
	for _, name := range []string{"libcublas.so", "libcublasLt.so"} {
		_, _ = s.each(fmt.Sprintf("%s.%d", name, major), func(unsafe.Pointer) error { return nil })
	}
}
