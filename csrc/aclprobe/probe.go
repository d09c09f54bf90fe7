//go:build cgo && linux

package aclprobe

/*
#cgo CFLAGS: -std=gnu11 -Wall -Wextra
#cgo LDFLAGS: -ldl -lpthread
#include <stdlib.h>
#include "probe.h"
*/
import "C"

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unsafe"
)

// Answer is what one call of a probe gave.
type Answer struct {
	Call    string
	Got     int // the vendor's code, or a number; -1 if the function is missing
	Assumed int // what the stand-in answers
}

// Probe is one misuse.
type Probe struct {
	Name  string // what is done
	About string // why it matters
	index C.int
}

// Probes lists all of them.
func Probes() []Probe {
	list := make([]Probe, int(C.mnv2_probe_count))
	for i := range list {
		p := (*C.mnv2_probe)(unsafe.Add(unsafe.Pointer(&C.mnv2_probes), i*C.sizeof_mnv2_probe))
		list[i] = Probe{C.GoString(p.name), C.GoString(p.about), C.int(i)}
	}
	return list
}

// Run makes the calls, all on one thread.
func (p Probe) Run() ([]Answer, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	notes := (*C.mnv2_probe_notes)(C.calloc(1, C.sizeof_mnv2_probe_notes))
	defer C.free(unsafe.Pointer(notes))
	C.mnv2_probe_run(p.index, notes)
	return parse(C.GoString(&notes.text[0]))
}

// parse reads the notes of a probe.
func parse(text string) (list []Answer, err error) {
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 3 {
			return nil, fmt.Errorf("aclprobe: note %q: want three fields", line)
		}
		a := Answer{Call: fields[0]}
		if a.Got, err = strconv.Atoi(fields[1]); err == nil {
			a.Assumed, err = strconv.Atoi(fields[2])
		}
		if err != nil {
			return nil, fmt.Errorf("aclprobe: note %q: %w", line, err)
		}
		list = append(list, a)
	}
	return list, nil
}
