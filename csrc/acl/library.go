//go:build cgo && linux

package acl

/*
#cgo CFLAGS: -std=gnu11 -Wall -Wextra
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "binding.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unsafe"
)

// Library is one loaded set of vendor libraries. It stays loaded until the program ends.
type Library struct {
	api     *C.mnv2_acl_api
	set     Set
	missing string // operators and switches that it lacks
}

var (
	loadMutex sync.Mutex
	loaded    = map[string]*Library{} // by folder
)

// Load finds the vendor's libraries, loads and initialises them. A set is loaded once; later calls return it again.
func Load() (*Library, error) {
	loadMutex.Lock()
	defer loadMutex.Unlock()
	set, err := env{getenv: os.Getenv, loader: originOf, roots: installRoots()}.find()
	if err != nil {
		return nil, err
	}
	if l := loaded[set.Dir]; l != nil {
		return l, nil
	}
	l, err := loadSet(set)
	if err != nil {
		return nil, err
	}
	loaded[set.Dir] = l
	return l, nil
}

// originOf returns the file that the loader takes for a bare name, or "".
func originOf(name string) string {
	handle, _ := open(name)
	if handle == nil {
		return ""
	}
	return origin(handle)
}

func open(path string) (unsafe.Pointer, error) {
	p := C.CString(path)
	defer C.free(unsafe.Pointer(p))
	var text [1024]C.char
	handle := C.mnv2_acl_open(p, &text[0], C.size_t(len(text)))
	if handle == nil {
		return nil, errors.New(C.GoString(&text[0]))
	}
	return handle, nil
}

func origin(handle unsafe.Pointer) string {
	var path [4096]C.char
	C.mnv2_acl_origin(handle, &path[0], C.size_t(len(path)))
	return C.GoString(&path[0])
}

// loadSet opens the libraries of a set, base before operators, and looks the symbols up.
func loadSet(set Set) (*Library, error) {
	var handles []unsafe.Pointer
	for _, name := range append(append(append([]string(nil), set.Runtime...), set.Objects), set.Ops...) {
		handle, err := open(filepath.Join(set.Dir, name))
		if err != nil {
			return nil, explainLoader(err)
		}
		handles = append(handles, handle)
	}
	n := len(set.Runtime)
	var missing [8192]C.char
	api := C.mnv2_acl_resolve(&handles[0], C.int(n), handles[n], &handles[n+1], C.int(len(set.Ops)), &missing[0], C.size_t(len(missing)))
	l := &Library{api: api, set: set, missing: C.GoString(&missing[0])}
	if api == nil {
		return nil, fmt.Errorf("the CANN libraries in %s are too old: they lack %s: install a newer CANN", set.Dir, l.missing)
	}
	return l, l.initialise()
}

// explainLoader adds what the loader's sentence means.
func explainLoader(err error) error {
	for library, hint := range map[string]string{
		"libascend_hal.so": "the NPU driver is not installed, or /usr/local/Ascend/driver/lib64 is not on the loader's path",
		"libruntime.so":    "the toolkit's environment is not set: source its set_env.sh",
	} {
		if strings.Contains(err.Error(), library) {
			return fmt.Errorf("cannot load CANN: %w: %s", err, hint)
		}
	}
	return fmt.Errorf("cannot load CANN: %w", err)
}

func (l *Library) initialise() error {
	var e C.mnv2_acl_error
	if C.mnv2_acl_init(l.api, &e) == 0 {
		return nil
	}
	if e.code == C.ACL_ERROR_COMPILING_STUB_MODE {
		return fmt.Errorf("%s is a link stub and not the real library: take the devlib folder out of the loader's path or of %s",
			filepath.Join(l.set.Dir, l.set.Runtime[0]), LibsVariable)
	}
	return failure(&e)
}

// failure returns a C error as a Go one.
func failure(e *C.mnv2_acl_error) error {
	return &Error{Call: C.GoString(e.function), Code: int(e.code), Text: oneLine(C.GoString(&e.text[0])), Index: int(e.call_index)}
}

// Dir returns the folder that the libraries came from.
func (l *Library) Dir() string { return l.set.Dir }

// Files returns the libraries in use.
func (l *Library) Files() []string {
	return append(append(append([]string(nil), l.set.Runtime...), l.set.Objects), l.set.Ops...)
}

// Missing lists what the libraries lack, each with the release that brought it, or returns "".
func (l *Library) Missing() string { return l.missing }

// Package is a part of the toolkit that has a version, as aclCANNPackageName numbers it.
type Package int

// The packages.
const (
	PackageCANN    Package = C.ACL_PKG_NAME_CANN
	PackageRuntime Package = C.ACL_PKG_NAME_RUNTIME
	PackageToolkit Package = C.ACL_PKG_NAME_TOOLKIT
	PackageOps     Package = C.ACL_PKG_NAME_OPP
	PackageKernels Package = C.ACL_PKG_NAME_OPP_KERNEL
	PackageDriver  Package = C.ACL_PKG_NAME_DRIVER
)

// Version returns the version of a package, or "" if it is not told.
func (l *Library) Version(p Package) string {
	var v [128]C.char
	C.mnv2_acl_package_version(l.api, C.int(p), &v[0], C.size_t(len(v)))
	return strings.TrimSpace(C.GoString(&v[0]))
}

// APIVersion returns the version of the runtime's interface, for example "1.13.0".
func (l *Library) APIVersion() (string, error) {
	var v [3]C.int32_t
	var e C.mnv2_acl_error
	if C.mnv2_acl_api_version(l.api, &v[0], &e) != 0 {
		return "", failure(&e)
	}
	return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]), nil
}

// Devices returns how many NPUs this process sees.
func (l *Library) Devices() (int, error) {
	var n C.uint32_t
	var e C.mnv2_acl_error
	if C.mnv2_acl_device_count(l.api, &n, &e) != 0 {
		return 0, failure(&e)
	}
	return int(n), nil
}

// SocName returns the chip's name, for example "Ascend910B3".
func (l *Library) SocName() (string, error) {
	var name [128]C.char
	var e C.mnv2_acl_error
	if C.mnv2_acl_soc_name(l.api, &name[0], C.size_t(len(name)), &e) != 0 {
		return "", failure(&e)
	}
	return C.GoString(&name[0]), nil
}

// SetDeterministic chooses, for the whole process, between operators that give the same bits each time and faster ones.
// It reports whether the library has the switch.
func (l *Library) SetDeterministic(on bool) (bool, error) {
	var e C.mnv2_acl_error
	value := C.int(0)
	if on {
		value = 1
	}
	switch C.mnv2_acl_set_deterministic(l.api, value, &e) {
	case 0:
		return true, nil
	case -1:
		return false, nil
	}
	return false, failure(&e)
}
