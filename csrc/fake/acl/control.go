//go:build cgo && linux

package aclfake

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>
#include "src/include/fakeacl.h"

static void call_stats(void *f, struct fake_acl_stats *s) { ((void (*)(struct fake_acl_stats *))f)(s); }
static void call_set(void *f, const char *k, const char *v) { ((void (*)(const char *, const char *))f)(k, v); }
static void call_plain(void *f) { ((void (*)(void))f)(); }
static const char *call_text(void *f) { return ((const char *(*)(void))f)(); }
static long call_count(void *f, const char *s) { return ((long (*)(const char *))f)(s); }
static void call_fail(void *f, long n) { ((void (*)(long))f)(n); }
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Control reaches into the libraries that this process has loaded: settings, counters
// and a reset.
type Control struct {
	stats, set, reset, misuse, leaks, count, fail unsafe.Pointer
}

// Stats are the counters of the stand-in; src/include/fakeacl.h says what each counts.
type Stats struct {
	Calls, Launches, Synchronises, ImplicitWaits int64
	DeviceAllocations, HostAllocations, Copies   int64
	Misuses, Warnings, Queued                    int64
	Contexts, Streams, Events, Graphs            int64
	Tensors, Scalars, Arrays, Lists, Executors   int64
	DeviceBlocks, HostBlocks, DataBuffers        int64
	DeviceBytes, PeakDeviceBytes                 int64
}

// Attach opens the installation's runtime library, which is the one already loaded if
// the program under test has loaded it from the same folder.
func Attach(i *Install) (*Control, error) {
	path := C.CString(i.Runtime())
	defer C.free(unsafe.Pointer(path))
	lib := C.dlopen(path, C.RTLD_NOW|C.RTLD_GLOBAL)
	if lib == nil {
		return nil, fmt.Errorf("aclfake: open %s: %s", i.Runtime(), C.GoString(C.dlerror()))
	}
	c := &Control{}
	for name, to := range map[string]*unsafe.Pointer{
		"fakeAclStats": &c.stats, "fakeAclSet": &c.set, "fakeAclReset": &c.reset, "fakeAclLastMisuse": &c.misuse,
		"mnv2_fake_acl_leaks": &c.leaks, "mnv2_fake_acl_count": &c.count, "mnv2_fake_acl_fail_nth": &c.fail,
	} {
		symbol := C.CString(name)
		*to = C.dlsym(lib, symbol)
		C.free(unsafe.Pointer(symbol))
		if *to == nil {
			return nil, fmt.Errorf("aclfake: %s has no %s", i.Runtime(), name)
		}
	}
	return c, nil
}

// Stats reads the counters.
func (c *Control) Stats() Stats {
	var s C.struct_fake_acl_stats
	C.call_stats(c.stats, &s)
	return Stats{
		Calls: int64(s.calls), Launches: int64(s.launches), Synchronises: int64(s.synchronises),
		ImplicitWaits: int64(s.implicit_waits), DeviceAllocations: int64(s.device_allocations),
		HostAllocations: int64(s.host_allocations), Copies: int64(s.copies), Misuses: int64(s.misuses),
		Warnings: int64(s.warnings), Queued: int64(s.queued), Contexts: int64(s.live_contexts),
		Streams: int64(s.live_streams), Events: int64(s.live_events), Graphs: int64(s.live_graphs),
		Tensors: int64(s.live_tensors), Scalars: int64(s.live_scalars), Arrays: int64(s.live_arrays),
		Lists: int64(s.live_lists), Executors: int64(s.live_executors), DeviceBlocks: int64(s.live_device_blocks),
		HostBlocks: int64(s.live_host_blocks), DataBuffers: int64(s.live_data_buffers),
		DeviceBytes: int64(s.live_device_bytes), PeakDeviceBytes: int64(s.peak_device_bytes),
	}
}

// Set overrides a setting (an environment variable without MNV2_FAKE_ACL_) for this
// process; an empty value gives it back to the environment.
func (c *Control) Set(key, value string) {
	k := C.CString(key)
	defer C.free(unsafe.Pointer(k))
	var v *C.char
	if value != "" {
		v = C.CString(value)
		defer C.free(unsafe.Pointer(v))
	}
	C.call_set(c.set, k, v)
}

// Reset forgets all state, as if the libraries had just been loaded. Handles from
// before are invalid.
func (c *Control) Reset() { C.call_plain(c.reset) }

// FailNth makes the n-th call from now fail, counted over all entry points; 0 undoes it.
func (c *Control) FailNth(n int) { C.call_fail(c.fail, C.long(n)) }

// Leaks names what is alive, or "".
func (c *Control) Leaks() string { return C.GoString(C.call_text(c.leaks)) }

// LastMisuse is the text of the last undefined behaviour seen, or "".
func (c *Control) LastMisuse() string { return C.GoString(C.call_text(c.misuse)) }

// Count returns how often a vendor function was called; or, for "launch", "sync",
// "malloc", "misuse" and "call", those totals.
func (c *Control) Count(symbol string) int {
	s := C.CString(symbol)
	defer C.free(unsafe.Pointer(s))
	return int(C.call_count(c.count, s))
}
