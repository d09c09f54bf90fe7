//go:build cgo && linux

package acl

// #include <stdlib.h>
// #include "binding.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// Batch is a list of operator calls made ready, which run one after the other.
type Batch struct {
	device     *Device
	c          *C.mnv2_acl_batch
	addresses  int
	Workspace  int64 // bytes that Run wants
	Repeatable int   // how many of the calls keep their plan from run to run
}

// NewBatch makes calls ready. placeholder is some device memory; it stands for all tensors until the first Run.
// reuse keeps the vendor's plans where the vendor allows.
func (d *Device) NewBatch(specs []Spec, reuse bool, placeholder Address) (*Batch, error) {
	list := (*C.mnv2_acl_spec)(C.calloc(C.size_t(len(specs)), C.sizeof_mnv2_acl_spec))
	defer C.free(unsafe.Pointer(list))
	b := &Batch{device: d}
	for i := range specs {
		b.addresses += fill(&unsafe.Slice(list, len(specs))[i], specs[i])
	}
	var workspace C.uint64_t
	var repeatable C.int
	b.c = C.mnv2_acl_batch_new(d.c, list, C.int(len(specs)), cbool(reuse), C.uintptr_t(placeholder), &workspace, &repeatable, d.err)
	if b.c == nil {
		if d.err.code == -1 {
			op := specs[d.err.call_index].Op
			return nil, &MissingOp{op.String(), C.GoString(d.c.api.op[op].since)}
		}
		return nil, failure(d.err)
	}
	b.Workspace, b.Repeatable = int64(workspace), int(repeatable)
	return b, nil
}

// fill copies s into its C form and returns the number of tensors that are there.
func fill(c *C.mnv2_acl_spec, s Spec) (present int) {
	if len(s.Inputs)+len(s.Outputs) > len(c.tensor) || len(s.Arrays) > len(c.array) || len(s.Scalars) > len(c.scalar) ||
		len(s.Mask) > len(c.mask) || len(s.Flags) > len(c.flag) || len(s.Integers) > len(c.integer) || len(s.Numbers) > len(c.number) {
		panic(fmt.Sprintf("acl: %v has more arguments than the binding carries", s.Op))
	}
	c.op, c.inputs, c.outputs = C.int32_t(s.Op), C.int32_t(len(s.Inputs)), C.int32_t(len(s.Outputs))
	c.scalars, c.arrays, c.mask_len = C.int32_t(len(s.Scalars)), C.int32_t(len(s.Arrays)), C.int32_t(len(s.Mask))
	c.cube_math = C.int32_t(s.CubeMath)
	for i, t := range append(append([]Tensor(nil), s.Inputs...), s.Outputs...) {
		fillTensor(&c.tensor[i], t)
		if t.Rank >= 0 {
			present++
		}
	}
	for i, a := range s.Arrays {
		c.array_len[i] = C.int32_t(len(a))
		for j, v := range a {
			c.array[i][j] = C.int64_t(v)
		}
	}
	for i, v := range s.Scalars {
		c.scalar[i] = C.double(v)
	}
	for i, v := range s.Mask {
		c.mask[i] = C.uint8_t(cbool(v))
	}
	for i, v := range s.Flags {
		c.flag[i] = C.uint8_t(cbool(v))
	}
	for i, v := range s.Integers {
		c.integer[i] = C.int64_t(v)
	}
	for i, v := range s.Numbers {
		c.number[i] = C.double(v)
	}
	return present
}

func fillTensor(c *C.mnv2_acl_tensor, t Tensor) {
	c.dtype, c.format, c.rank = C.int32_t(t.DType), C.int32_t(t.Format), C.int32_t(t.Rank)
	c.offset, c.storage = C.int64_t(t.Offset), C.int64_t(t.Storage)
	for i := range max(t.Rank, 0) {
		c.dims[i], c.strides[i] = C.int64_t(t.Dims[i]), C.int64_t(t.Strides[i])
		if t.Strides[i] != 0 {
			c.strided = 1
		}
	}
}

// Run queues all calls. addresses are those of all tensors that are there, call after call; workspace is device memory of
// at least b.Workspace bytes. A failure is an *Error whose Index says which call failed.
func (b *Batch) Run(addresses []Address, workspace Address) error {
	if len(addresses) != b.addresses {
		panic(fmt.Sprintf("acl: batch wants %d addresses, got %d", b.addresses, len(addresses)))
	}
	d := b.device
	return d.result(C.mnv2_acl_batch_run(d.c, b.c, (*C.uintptr_t)(unsafe.Pointer(unsafe.SliceData(addresses))),
		C.uintptr_t(workspace), C.uint64_t(b.Workspace), d.err))
}

// Close gives back what the calls hold.
func (b *Batch) Close() error {
	err := b.device.result(C.mnv2_acl_batch_free(b.device.c, b.c, b.device.err))
	b.c = nil
	return err
}
