//go:build cgo && linux

package nv

/*
#include <stdlib.h>
#include "binding.h"
#cgo nocallback nv_copy_in
#cgo noescape nv_copy_in
#cgo nocallback nv_copy_out
#cgo noescape nv_copy_out
#cgo nocallback nv_copy
#cgo nocallback nv_fill8
#cgo nocallback nv_fill32
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// DevicePtr is an address in the memory of a device.
type DevicePtr uint64

func (p DevicePtr) c() C.CUdeviceptr { return C.CUdeviceptr(p) }

// Alloc returns device memory, aligned to 256 bytes and not cleared.
func (c *Context) Alloc(bytes int64) (DevicePtr, error) {
	var p C.CUdeviceptr
	err := failure(C.nv_alloc(c.c, C.size_t(bytes), &p), "allocate %d bytes", bytes)
	return DevicePtr(p), err
}

// Free gives memory of [Context.Alloc] back.
func (c *Context) Free(p DevicePtr) error {
	return failure(C.nv_free(c.c, p.c()), "free device memory")
}

// AllocAsync returns memory that later work in s may use. The device must have pools.
func (c *Context) AllocAsync(bytes int64, s Stream) (DevicePtr, error) {
	var p C.CUdeviceptr
	err := failure(C.nv_alloc_async(c.c, C.size_t(bytes), s.c(), &p), "allocate %d bytes in a stream", bytes)
	return DevicePtr(p), err
}

// FreeAsync gives memory of [Context.AllocAsync] back once the work queued in s is done.
func (c *Context) FreeAsync(p DevicePtr, s Stream) error {
	return failure(C.nv_free_async(c.c, p.c(), s.c()), "free device memory in a stream")
}

// KeepPool tells the device how many bytes of freed stream-ordered memory to hold on to; by default none outlive a wait.
func (c *Context) KeepPool(bytes uint64) error {
	return failure(C.nv_pool_keep(c.c, C.uint64_t(bytes)), "keep %d bytes in the pool", bytes)
}

// TrimPool gives stream-ordered memory that is not in use back, but for keep bytes.
func (c *Context) TrimPool(keep int64) error {
	return failure(C.nv_pool_trim(c.c, C.size_t(keep)), "trim the pool to %d bytes", keep)
}

// HostBuffer is pinned memory of the host: the only memory that asynchronous copies may read or write.
type HostBuffer struct {
	c    *Context
	p    unsafe.Pointer
	size int64
}

// AllocHost returns pinned memory, not cleared.
func (c *Context) AllocHost(bytes int64) (*HostBuffer, error) {
	b := &HostBuffer{c: c, size: bytes}
	if err := failure(C.nv_host_alloc(c.c, C.size_t(bytes), &b.p), "allocate %d bytes of pinned host memory", bytes); err != nil {
		return nil, err
	}
	return b, nil
}

// Bytes returns the memory itself. It must not be used after Free, and holds what a copy wrote only after waiting for it.
func (b *HostBuffer) Bytes() []byte { return unsafe.Slice((*byte)(b.p), b.size) }

// Size returns its length in bytes.
func (b *HostBuffer) Size() int64 { return b.size }

// Free gives the memory back. No queued copy may still use it.
func (b *HostBuffer) Free() error {
	err := failure(C.nv_host_free(b.c.c, b.p), "free pinned host memory")
	b.p, b.size = nil, 0
	return err
}

// at returns the address of n bytes at off. A range outside the buffer is a mistake of the caller's.
func (b *HostBuffer) at(off, n int64) unsafe.Pointer {
	if off < 0 || n < 0 || off > b.size-n {
		panic(fmt.Sprintf("nv: bytes %d to %d of %d bytes of pinned memory", off, off+n, b.size))
	}
	return unsafe.Add(b.p, off)
}

// CopyIn queues a copy of n bytes at off of src to the device. They must not change until it is done.
func (c *Context) CopyIn(dst DevicePtr, src *HostBuffer, off, n int64, s Stream) error {
	return failure(C.nv_copy_in(c.c, dst.c(), src.at(off, n), C.size_t(n), s.c()), "copy %d bytes to the device", n)
}

// CopyOut queues a copy of n bytes from the device to off of dst.
func (c *Context) CopyOut(dst *HostBuffer, off int64, src DevicePtr, n int64, s Stream) error {
	return failure(C.nv_copy_out(c.c, dst.at(off, n), src.c(), C.size_t(n), s.c()), "copy %d bytes from the device", n)
}

// Copy queues a copy inside the device.
func (c *Context) Copy(dst, src DevicePtr, n int64, s Stream) error {
	return failure(C.nv_copy(c.c, dst.c(), src.c(), C.size_t(n), s.c()), "copy %d bytes inside the device", n)
}

// Fill8 queues writing n bytes of value v.
func (c *Context) Fill8(dst DevicePtr, v byte, n int64, s Stream) error {
	return failure(C.nv_fill8(c.c, dst.c(), C.uchar(v), C.size_t(n), s.c()), "fill %d bytes", n)
}

// Fill32 queues writing count 32-bit words of value v.
func (c *Context) Fill32(dst DevicePtr, v uint32, count int64, s Stream) error {
	return failure(C.nv_fill32(c.c, dst.c(), C.uint32_t(v), C.size_t(count), s.c()), "fill %d words", count)
}
