//go:build cgo && linux

package nv

/*
#include <stdlib.h>
#include "binding.h"
#cgo noescape nv_event_elapsed
#cgo nocallback nv_event_elapsed
#cgo nocallback nv_event_record
#cgo nocallback nv_stream_wait
#cgo nocallback nv_stream_sync
#cgo nocallback nv_stream_query
*/
import "C"

import (
	"time"
	"unsafe"
)

// Handles of the driver. They belong to whoever created them; 0 is none.
type (
	Stream    uintptr // work in order
	Event     uintptr // a point in a stream
	Module    uintptr // a loaded image
	Function  uintptr // a kernel of a module
	Graph     uintptr // recorded work
	GraphExec uintptr // recorded work made ready
)

func (s Stream) c() C.CUstream       { return *(*C.CUstream)(unsafe.Pointer(&s)) }
func (e Event) c() C.CUevent         { return *(*C.CUevent)(unsafe.Pointer(&e)) }
func (m Module) c() C.CUmodule       { return *(*C.CUmodule)(unsafe.Pointer(&m)) }
func (f Function) c() C.CUfunction   { return *(*C.CUfunction)(unsafe.Pointer(&f)) }
func (g Graph) c() C.CUgraph         { return *(*C.CUgraph)(unsafe.Pointer(&g)) }
func (x GraphExec) c() C.CUgraphExec { return *(*C.CUgraphExec)(unsafe.Pointer(&x)) }

// NewStream makes a stream that never waits for the legacy default stream. Of two streams the one with the lower
// priority number goes first; 0 is ordinary.
func (c *Context) NewStream(priority int) (Stream, error) {
	var s C.CUstream
	err := failure(C.nv_stream_create(c.c, C.int(priority), &s), "make a stream")
	return Stream(unsafe.Pointer(s)), err
}

// Priorities returns the numbers that NewStream takes: the least urgent and the most urgent.
func (c *Context) Priorities() (least, greatest int, err error) {
	var l, g C.int
	err = failure(C.nv_stream_priorities(c.c, &l, &g), "ask for stream priorities")
	return int(l), int(g), err
}

// DestroyStream gives a stream back; its queued work still runs.
func (c *Context) DestroyStream(s Stream) error {
	return failure(C.nv_stream_destroy(c.c, s.c()), "destroy a stream")
}

// SyncStream waits for all work in s and reports its faults.
func (c *Context) SyncStream(s Stream) error {
	return failure(C.nv_stream_sync(c.c, s.c()), "wait for a stream")
}

// StreamIdle says whether all work in s is done.
func (c *Context) StreamIdle(s Stream) (bool, error) {
	return ready(C.nv_stream_query(c.c, s.c()), "ask a stream")
}

// WaitEvent lets later work in s wait for the point that e was last recorded at.
func (c *Context) WaitEvent(s Stream, e Event) error {
	return failure(C.nv_stream_wait(c.c, s.c(), e.c()), "let a stream wait for an event")
}

// NewEvent makes an event; one without timing is cheaper. Waiting for it frees the processor.
func (c *Context) NewEvent(timing bool) (Event, error) {
	flags := C.uint(C.NV_CU_EVENT_BLOCKING_SYNC)
	if !timing {
		flags |= C.NV_CU_EVENT_DISABLE_TIMING
	}
	var e C.CUevent
	err := failure(C.nv_event_create(c.c, flags, &e), "make an event")
	return Event(unsafe.Pointer(e)), err
}

// DestroyEvent gives an event back.
func (c *Context) DestroyEvent(e Event) error {
	return failure(C.nv_event_destroy(c.c, e.c()), "destroy an event")
}

// RecordEvent marks the end of the work that is queued in s now.
func (c *Context) RecordEvent(e Event, s Stream) error {
	return failure(C.nv_event_record(c.c, e.c(), s.c()), "record an event")
}

// SyncEvent waits until the work before e is done.
func (c *Context) SyncEvent(e Event) error {
	return failure(C.nv_event_sync(c.c, e.c()), "wait for an event")
}

// EventDone says whether the work before e is done.
func (c *Context) EventDone(e Event) (bool, error) {
	return ready(C.nv_event_query(c.c, e.c()), "ask an event")
}

// Elapsed returns the device's time between two events that are done.
func (c *Context) Elapsed(from, to Event) (time.Duration, error) {
	var ms C.float
	err := failure(C.nv_event_elapsed(c.c, from.c(), to.c(), &ms), "ask for the time between two events")
	return time.Duration(float64(ms) * float64(time.Millisecond)), err
}

// ready tells "not yet", which is no error, from the errors.
func ready(r C.nv_result, what string) (bool, error) {
	if r.code == C.NV_CUDA_ERROR_NOT_READY {
		C.free(unsafe.Pointer(r.text))
		return false, nil
	}
	err := failure(r, "%s", what)
	return err == nil, err
}
