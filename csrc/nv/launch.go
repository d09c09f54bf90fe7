//go:build cgo && linux

package nv

/*
#include <stdlib.h>
#include "binding.h"
#cgo nocallback nv_launch_queue
#cgo noescape nv_launch_queue_all
#cgo nocallback nv_launch_queue_all
*/
import "C"

import (
	"errors"
	"fmt"
	"math"
	"unsafe"
)

// LoadModule loads a compiled image (a cubin).
func (c *Context) LoadModule(image []byte) (Module, error) {
	if len(image) == 0 {
		return 0, errors.New("load a module: the image is empty")
	}
	var m C.CUmodule
	err := failure(C.nv_module_load(c.c, unsafe.Pointer(&image[0]), &m), "load a module of %d bytes", len(image))
	return Module(unsafe.Pointer(m)), err
}

// UnloadModule gives a module back. None of its functions may still be queued.
func (c *Context) UnloadModule(m Module) error {
	return failure(C.nv_module_unload(c.c, m.c()), "unload a module")
}

// Function returns the kernel of that name.
func (c *Context) Function(m Module, name string) (Function, error) {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	var f C.CUfunction
	err := failure(C.nv_function(c.c, m.c(), text, &f), "find kernel %s", name)
	return Function(unsafe.Pointer(f)), err
}

// FunctionInfo is what a kernel was compiled to.
type FunctionInfo struct {
	Registers     int // per thread
	SpillBytes    int // of local memory per thread
	SharedBytes   int // static, per block
	MaxThreads    int // per block
	BinaryVersion int // 90 for sm_90
}

// FunctionInfo returns what a kernel was compiled to.
func (c *Context) FunctionInfo(f Function) (FunctionInfo, error) {
	var i C.nv_function_info
	err := failure(C.nv_function_get_info(c.c, f.c(), &i), "ask about a kernel")
	return FunctionInfo{int(i.registers), int(i.spill_bytes), int(i.shared_bytes), int(i.max_threads), int(i.binary_version)}, err
}

// SetDynamicShared allows a kernel that many bytes of dynamic shared memory per block; without it 48 KiB are the most.
func (c *Context) SetDynamicShared(f Function, bytes int) error {
	return failure(C.nv_set_dynamic_shared(c.c, f.c(), C.int(bytes)), "allow a kernel %d bytes of shared memory", bytes)
}

// Occupancy returns how many blocks of that many threads and bytes of dynamic shared memory fit on a multiprocessor.
func (c *Context) Occupancy(f Function, block, shared int) (int, error) {
	var n C.int
	err := failure(C.nv_occupancy(c.c, f.c(), C.int(block), C.size_t(shared), &n), "ask for the occupancy of a kernel")
	return int(n), err
}

// LaunchConfig is the shape of a launch.
type LaunchConfig struct {
	Grid, Block [3]uint32 // zeros count as one
	Shared      uint32    // bytes of dynamic shared memory per block
	Cluster     [3]uint32 // blocks per cluster; zero without clusters
	Overlap     bool      // may begin before its predecessor in the stream has ended; the kernel waits itself (sm_90)
	Cooperative bool      // all blocks run at the same time
}

// Arg is an argument of a kernel: its size and its value.
type Arg struct {
	size  int
	bits  uint64
	bytes []byte
}

// PtrArg is a device address.
func PtrArg(p DevicePtr) Arg { return Arg{size: 8, bits: uint64(p)} }

// Int32Arg is an int.
func Int32Arg(v int32) Arg { return Arg{size: 4, bits: uint64(uint32(v))} }

// Int64Arg is a long long.
func Int64Arg(v int64) Arg { return Arg{size: 8, bits: uint64(v)} }

// Float32Arg is a float.
func Float32Arg(v float32) Arg { return Arg{size: 4, bits: uint64(math.Float32bits(v))} }

// BytesArg is a structure by value, as the kernel's language lays it out.
func BytesArg(b []byte) Arg { return Arg{size: len(b), bytes: b} }

// Launch is a kernel launch made ready: its arguments lie in memory of C, so that queueing it allocates nothing, and
// changing an argument crosses nothing. A queued launch has its own copy of the arguments.
type Launch struct {
	c *Context
	l *C.nv_launch
}

// NewLaunch makes a launch ready. The number and sizes of args must be those of the kernel's parameters.
func (c *Context) NewLaunch(f Function, cfg LaunchConfig, args ...Arg) (*Launch, error) {
	sizes := make([]C.size_t, len(args)+1)
	for i, a := range args {
		sizes[i] = C.size_t(a.size)
	}
	l := C.nv_launch_new(f.c(), C.int(len(args)), &sizes[0])
	if l == nil {
		return nil, fmt.Errorf("make a launch ready: the host is %w", ErrOutOfMemory)
	}
	launch := &Launch{c: c, l: l}
	for i, a := range args {
		launch.Set(i, a)
	}
	launch.configure(cfg)
	return launch, nil
}

func (l *Launch) configure(cfg LaunchConfig) {
	k := &l.l.config
	k.gridDimX, k.gridDimY, k.gridDimZ = dims(cfg.Grid)
	k.blockDimX, k.blockDimY, k.blockDimZ = dims(cfg.Block)
	k.sharedMemBytes = C.uint(cfg.Shared)
	if cfg.Cluster != [3]uint32{} {
		x, y, z := dims(cfg.Cluster)
		*(*[3]C.uint)(l.attribute(C.NV_CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION)) = [3]C.uint{x, y, z}
	}
	if cfg.Overlap {
		*(*C.int)(l.attribute(C.NV_CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION)) = 1
	}
	if cfg.Cooperative {
		*(*C.int)(l.attribute(C.NV_CU_LAUNCH_ATTRIBUTE_COOPERATIVE)) = 1
	}
}

func dims(d [3]uint32) (x, y, z C.uint) {
	return C.uint(max(d[0], 1)), C.uint(max(d[1], 1)), C.uint(max(d[2], 1))
}

// attribute adds an attribute and returns where its value goes.
func (l *Launch) attribute(id C.int) unsafe.Pointer {
	a := &l.l.attributes[l.l.config.numAttrs]
	l.l.config.numAttrs++
	a.id = id
	return unsafe.Pointer(&a.value)
}

// SetGrid changes the number of blocks.
func (l *Launch) SetGrid(grid [3]uint32) {
	k := &l.l.config
	k.gridDimX, k.gridDimY, k.gridDimZ = dims(grid)
}

// Set changes argument i. Its size cannot change: that would be another kernel.
func (l *Launch) Set(i int, a Arg) {
	p := l.param(i, a.size)
	switch {
	case a.bytes != nil:
		copy(unsafe.Slice((*byte)(p), a.size), a.bytes)
	case a.size == 4:
		*(*uint32)(p) = uint32(a.bits)
	case a.size == 8:
		*(*uint64)(p) = a.bits
	}
}

// SetPtr changes argument i, an address.
func (l *Launch) SetPtr(i int, v DevicePtr) { *(*DevicePtr)(l.param(i, 8)) = v }

// SetInt32 changes argument i, an int.
func (l *Launch) SetInt32(i int, v int32) { *(*int32)(l.param(i, 4)) = v }

// SetInt64 changes argument i, a long long.
func (l *Launch) SetInt64(i int, v int64) { *(*int64)(l.param(i, 8)) = v }

// SetFloat32 changes argument i, a float.
func (l *Launch) SetFloat32(i int, v float32) { *(*float32)(l.param(i, 4)) = v }

func (l *Launch) param(i, size int) unsafe.Pointer {
	n := int(l.l.count)
	if i < 0 || i >= n {
		panic(fmt.Sprintf("nv: argument %d of a kernel that has %d", i, n))
	}
	if has := int(unsafe.Slice(l.l.sizes, n)[i]); has != size {
		panic(fmt.Sprintf("nv: argument %d has %d bytes, not %d", i, has, size))
	}
	return unsafe.Slice(l.l.params, n)[i]
}

// Queue queues the launch in s, with the values that its arguments have now.
func (l *Launch) Queue(s Stream) error {
	return failure(C.nv_launch_queue(l.c.c, l.l, s.c()), "launch a kernel")
}

// Close gives the launch's memory back.
func (l *Launch) Close() {
	C.nv_launch_free(l.l)
	l.l = nil
}

// QueueAll queues many launches in s in one crossing. It stops at the first failure.
func (c *Context) QueueAll(s Stream, list []*Launch) error {
	if len(list) == 0 {
		return nil
	}
	c.list = c.list[:0]
	for _, l := range list {
		c.list = append(c.list, l.l)
	}
	var done C.int
	r := C.nv_launch_queue_all(c.c, &c.list[0], C.int(len(list)), s.c(), &done)
	if r.code == 0 {
		return nil
	}
	return failure(r, "launch kernel %d of %d", int(done)+1, len(list))
}
