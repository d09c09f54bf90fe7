//go:build cgo && linux

package nv

/*
#cgo noescape nv_context_sync
#cgo nocallback nv_context_sync
#cgo noescape nv_memory_info
#cgo nocallback nv_memory_info
#include <stdlib.h>
#include "binding.h"
*/
import "C"

import "fmt"

// Device is what the driver tells about one GPU, or one MIG instance of it. The order and number of devices follow
// CUDA_VISIBLE_DEVICES, which the driver itself obeys.
type Device struct {
	Ordinal                    int
	Name                       string
	UUID                       string // "GPU-..." without the prefix: 8-4-4-4-12 hexadecimal digits
	PCIBusID                   string // "0000:3B:00.0"
	Memory                     int64  // bytes
	Major, Minor               int    // compute capability
	Multiprocessors            int
	SharedPerBlock             int // bytes, the most that a kernel may ask for
	SharedPerMultiprocessor    int
	RegistersPerMultiprocessor int
	ThreadsPerMultiprocessor   int
	L2Bytes                    int
	ClockKHz, MemoryClockKHz   int // 0 where the driver no longer tells
	BusWidthBits               int
	ECC                        bool // memory is protected
	Integrated                 bool // shares the host's memory
	Pools                      bool // has stream-ordered memory
	Clusters                   bool // has thread-block clusters
}

// Arch returns the architecture as the compiler calls it: "sm_90".
func (d Device) Arch() string { return fmt.Sprintf("sm_%d%d", d.Major, d.Minor) }

// DeviceCount returns how many devices there are. None is an error that is [ErrUnavailable].
func (l *Library) DeviceCount() (int, error) {
	var n C.int
	if err := failure(C.nv_device_count(l.api, &n), "look for NVIDIA devices"); err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, fmt.Errorf("%w: the driver is there, but no GPU is visible (CUDA_VISIBLE_DEVICES hides those that it does not name)", ErrUnavailable)
	}
	return int(n), nil
}

// Device returns what there is to know about a device without opening it.
func (l *Library) Device(ordinal int) (Device, error) {
	var d C.nv_device
	if err := failure(C.nv_device_info(l.api, C.int(ordinal), &d), "ask about device %d", ordinal); err != nil {
		return Device{}, err
	}
	u := d.uuid
	return Device{
		Ordinal:                    ordinal,
		Name:                       C.GoString(&d.name[0]),
		UUID:                       fmt.Sprintf("%x-%x-%x-%x-%x", goBytes(u[0:4]), goBytes(u[4:6]), goBytes(u[6:8]), goBytes(u[8:10]), goBytes(u[10:16])),
		PCIBusID:                   C.GoString(&d.pci[0]),
		Memory:                     int64(d.memory),
		Major:                      int(d.major),
		Minor:                      int(d.minor),
		Multiprocessors:            int(d.multiprocessors),
		SharedPerBlock:             int(d.shared_per_block),
		SharedPerMultiprocessor:    int(d.shared_per_multiprocessor),
		RegistersPerMultiprocessor: int(d.registers_per_multiprocessor),
		ThreadsPerMultiprocessor:   int(d.threads_per_multiprocessor),
		L2Bytes:                    int(d.l2_bytes),
		ClockKHz:                   int(d.clock_khz),
		MemoryClockKHz:             int(d.memory_clock_khz),
		BusWidthBits:               int(d.bus_width),
		ECC:                        d.ecc != 0,
		Integrated:                 d.integrated != 0,
		Pools:                      d.pools != 0,
		Clusters:                   d.clusters != 0,
	}, nil
}

func goBytes(c []C.uchar) []byte {
	b := make([]byte, len(c))
	for i, v := range c {
		b[i] = byte(v)
	}
	return b
}

// Context is a device's primary context: the one that NVIDIA's other libraries use too.
//
// Every method makes it current on whatever thread it runs. It may move between goroutines, and be used by one at a time;
// [Context.MemInfo] and [Context.AllocHost] may be used by several.
type Context struct {
	libs   *Library
	device Device
	c      *C.nv_context
	list   []*C.nv_launch // scratch of QueueAll
}

// Open retains the primary context of a device. The caller closes it.
func (l *Library) Open(ordinal int) (*Context, error) {
	d, err := l.Device(ordinal)
	if err != nil {
		return nil, err
	}
	c := &Context{libs: l, device: d}
	if err := failure(C.nv_context_open(l.api, C.int(ordinal), &c.c), "open device %d (%s)", ordinal, d.Name); err != nil {
		return nil, err
	}
	return c, nil
}

// Close releases the primary context. Whatever was made in it must have been given back.
func (c *Context) Close() error {
	err := failure(C.nv_context_close(c.c), "close device %d", c.device.Ordinal)
	c.c = nil
	return err
}

// Device returns what the context runs on.
func (c *Context) Device() Device { return c.device }

// Library returns what the context was opened with.
func (c *Context) Library() *Library { return c.libs }

// Synchronize waits for all work in the context, and reports its faults.
func (c *Context) Synchronize() error { return failure(C.nv_context_sync(c.c), "wait for the device") }

// MemInfo returns the free memory of the device, which other processes share, and all of it, in bytes.
func (c *Context) MemInfo() (free, total int64, err error) {
	var f, t C.size_t
	err = failure(C.nv_memory_info(c.c, &f, &t), "ask for free memory")
	return int64(f), int64(t), err
}
