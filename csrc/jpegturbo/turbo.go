//go:build cgo && linux

package jpegturbo

/*
#cgo CFLAGS: -std=gnu11 -Wall -O2
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "turbo.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unsafe"
)

// names are what the library is called, the common ones first.
var names = []string{"libjpeg.so.62", "libjpeg.so.8", "libjpeg.so"}

// Library is an opened libjpeg-turbo. It may be used by many goroutines at once and stays open until the process ends.
type Library struct {
	c *C.turbo_library

	mu   sync.Mutex
	idle []*C.turbo_decoder // as many as were ever used at the same time
}

// Open finds and opens the library. The error says why none of its names would do.
func Open() (*Library, error) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		return nil, errors.New("libjpeg-turbo is used on 64-bit systems only")
	}
	var why []string
	for _, name := range names {
		l, err := open(name)
		if err == nil {
			return l, nil
		}
		why = append(why, err.Error())
	}
	return nil, fmt.Errorf("no libjpeg-turbo: %s", strings.Join(why, "; "))
}

func open(name string) (*Library, error) {
	path := C.CString(name)
	defer C.free(unsafe.Pointer(path))
	var reason *C.char
	l := C.turbo_open(path, &reason)
	if l == nil {
		defer C.free(unsafe.Pointer(reason))
		if reason == nil {
			return nil, fmt.Errorf("%s cannot be opened", name)
		}
		return nil, errors.New(C.GoString(reason))
	}
	return &Library{c: l}, nil
}

// String names the file and its version of libjpeg's interface.
func (l *Library) String() string {
	v := int(C.turbo_version(l.c))
	return fmt.Sprintf("%s (libjpeg %d.%d)", C.GoString(C.turbo_path(l.c)), v/10, v%10)
}

// Region decodes the w x h pixels from (x, y) on into dst: 3*w*h bytes, red, green and blue. An error that wraps ErrDamaged means that the library
// warned and that dst holds what it made of the file; other errors that it could not decode it.
func (l *Library) Region(file []byte, x, y, w, h int, dst []byte) error {
	if len(file) == 0 || x < 0 || y < 0 || w < 1 || h < 1 || max(x, y, w, h) > 1<<16 || len(dst) != 3*w*h {
		return fmt.Errorf("region %dx%d at (%d, %d) of %d bytes into %d: not possible", w, h, x, y, len(file), len(dst))
	}
	d := l.take()
	if d == nil {
		return errors.New("libjpeg-turbo: out of memory")
	}
	defer l.give(d)
	switch C.turbo_region(d, (*C.uint8_t)(&file[0]), C.size_t(len(file)), C.uint(x), C.uint(y), C.uint(w), C.uint(h), (*C.uint8_t)(&dst[0])) {
	case C.TURBO_OK:
		return nil
	case C.TURBO_DAMAGED:
		return ErrDamaged
	}
	return errors.New("libjpeg-turbo cannot decode the file")
}

func (l *Library) take() *C.turbo_decoder {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := len(l.idle) - 1; last >= 0 {
		d := l.idle[last]
		l.idle = l.idle[:last]
		return d
	}
	return C.turbo_new(l.c)
}

func (l *Library) give(d *C.turbo_decoder) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle = append(l.idle, d)
}
