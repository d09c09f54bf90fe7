//go:build cgo && linux

package fakenv

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>

static void call_reset(void *f) { ((void (*)(void))f)(); }
static long call_calls(void *f) { return ((long (*)(void))f)(); }
static void call_fail(void *f, long n, int code) { ((void (*)(long, int))f)(n, code); }
static const char *call_text(void *f) { return ((const char *(*)(void))f)(); }
*/
import "C"

import (
	"fmt"
	"path/filepath"
	"unsafe"
)

// Control reaches into the stand-ins that this process has loaded.
type Control struct{ reset, calls, fail, misuse, live unsafe.Pointer }

// Attach opens what the libraries in folder share.
func Attach(folder string) (*Control, error) {
	path := C.CString(filepath.Join(folder, coreName))
	defer C.free(unsafe.Pointer(path))
	library := C.dlopen(path, C.RTLD_NOW)
	if library == nil {
		return nil, fmt.Errorf("fakenv: %s", C.GoString(C.dlerror()))
	}
	c := &Control{}
	for name, to := range map[string]*unsafe.Pointer{
		"fakenv_reset": &c.reset, "fakenv_calls": &c.calls, "fakenv_fail": &c.fail, "fakenv_misuse": &c.misuse, "fakenv_live": &c.live,
	} {
		symbol := C.CString(name)
		*to = C.dlsym(library, symbol)
		C.free(unsafe.Pointer(symbol))
		if *to == nil {
			return nil, fmt.Errorf("fakenv: %s has no %s", coreName, name)
		}
	}
	return c, nil
}

// Reset reads the environment again, sets the counter to 0, and forgets misuse and everything that is alive.
func (c *Control) Reset() { C.call_reset(c.reset) }

// Calls returns how many calls there were since the reset, of all libraries.
func (c *Control) Calls() int { return int(C.call_calls(c.calls)) }

// Fail makes call n since the reset fail (0: none), with code if that is not 0 and the call is the driver's.
func (c *Control) Fail(n, code int) { C.call_fail(c.fail, C.long(n), C.int(code)) }

// Misuse returns a line for everything that no device would forgive: writes past the ends of memory, handles that were
// given back, pinned memory that was freed under a copy.
func (c *Control) Misuse() string { return C.GoString(C.call_text(c.misuse)) }

// Live returns the kinds of the objects that were not given back: "stream, memory".
func (c *Control) Live() string { return C.GoString(C.call_text(c.live)) }
