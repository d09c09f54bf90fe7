//go:build cgo && linux

package acl

// #include <stdlib.h>
// #include "binding.h"
import "C"

import "unsafe"

// Address is a place in device memory.
type Address uintptr

// Device is one opened NPU with one stream. It may be used by one goroutine at a time, on any thread.
type Device struct {
	c   *C.mnv2_acl_device
	err *C.mnv2_acl_error // in C memory, so that no act allocates
}

// DeviceOptions are what can be chosen when a device is opened.
type DeviceOptions struct {
	Debug  bool // wait after each call of an operator
	InfNaN bool // let results become infinite; otherwise they saturate
}

// Open opens device number id.
func (l *Library) Open(id int, o DeviceOptions) (*Device, error) {
	var e C.mnv2_acl_error
	c := C.mnv2_acl_device_open(l.api, C.int32_t(id), cbool(o.Debug), cbool(o.InfNaN), &e)
	if c == nil {
		return nil, failure(&e)
	}
	return &Device{c: c, err: (*C.mnv2_acl_error)(C.calloc(1, C.sizeof_mnv2_acl_error))}, nil
}

func cbool(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// result returns nil, or the error that the last act left.
func (d *Device) result(code C.int) error {
	if code == 0 {
		return nil
	}
	return failure(d.err)
}

// Close waits for the stream and gives everything back, whatever fails. The first failure is returned.
func (d *Device) Close() error {
	err := d.result(C.mnv2_acl_device_close(d.c, d.err))
	C.free(unsafe.Pointer(d.err))
	d.c, d.err = nil, nil
	return err
}

// SaturationMode returns 0 if overflow saturates, 1 if it gives infinity, -1 if the library does not tell.
func (d *Device) SaturationMode() (int, error) {
	var mode C.int
	err := d.result(C.mnv2_acl_sat_mode(d.c, &mode, d.err))
	return int(mode), err
}

// Cores returns the number of AI cores, 0 if the library does not tell.
func (d *Device) Cores() (int64, error) {
	var n C.int64_t
	err := d.result(C.mnv2_acl_capability(d.c, C.ACL_DEVICE_INFO_AI_CORE_NUM, &n, d.err))
	return int64(n), err
}

// Malloc returns n bytes of device memory that will be zero when the stream gets there.
func (d *Device) Malloc(n int64) (Address, error) {
	var a C.uintptr_t
	err := d.result(C.mnv2_acl_malloc(d.c, C.size_t(n), &a, d.err))
	return Address(a), err
}

// Free waits for the stream and gives memory back.
func (d *Device) Free(a Address) error { return d.result(C.mnv2_acl_free(d.c, C.uintptr_t(a), d.err)) }

// Memory returns the bytes that are free and that there are.
func (d *Device) Memory() (free, total int64, err error) {
	var f, t C.size_t
	err = d.result(C.mnv2_acl_memory(d.c, &f, &t, d.err))
	return int64(f), int64(t), err
}

// Upload queues a copy to dst. src may be reused on return.
func (d *Device) Upload(dst Address, src []byte) error {
	if len(src) == 0 {
		return nil
	}
	return d.result(C.mnv2_acl_upload(d.c, C.uintptr_t(dst), unsafe.Pointer(&src[0]), C.size_t(len(src)), d.err))
}

// Download waits for the stream and fills dst.
func (d *Device) Download(dst []byte, src Address) error {
	if len(dst) == 0 {
		return d.Sync()
	}
	return d.result(C.mnv2_acl_download(d.c, unsafe.Pointer(&dst[0]), C.uintptr_t(src), C.size_t(len(dst)), d.err))
}

// Sync waits for the stream and returns the faults of queued work.
func (d *Device) Sync() error { return d.result(C.mnv2_acl_sync(d.c, d.err)) }

// StartTimer notes the device's time when the stream gets there.
func (d *Device) StartTimer() error { return d.result(C.mnv2_acl_timer_start(d.c, d.err)) }

// StopTimer waits and returns the milliseconds since StartTimer.
func (d *Device) StopTimer() (float64, error) {
	var ms C.float
	err := d.result(C.mnv2_acl_timer_stop(d.c, &ms, d.err))
	return float64(ms), err
}

// OverflowStatus queues a copy of the overflow register to 64 bytes at out, and clears the register.
func (d *Device) OverflowStatus(out Address) error {
	return d.result(C.mnv2_acl_overflow_status(d.c, C.uintptr_t(out), d.err))
}

// Counts are how often something was done since the device was opened.
type Counts struct{ Launches, Syncs, Mallocs, Plans int64 }

// Counts returns them.
func (d *Device) Counts() Counts {
	return Counts{int64(d.c.launches), int64(d.c.syncs), int64(d.c.mallocs), int64(d.c.plans)}
}
