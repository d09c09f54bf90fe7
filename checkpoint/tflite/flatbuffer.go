package tflite

import (
	"encoding/binary"

	"mnv2/checkpoint/internal/tensor"
)

// buffer is the file. The first access outside it is remembered in bad and reads as zero from then on, so that the
// code that walks the tables stays free of error checks; callers look at bad before they use what they read.
type buffer struct {
	b   []byte
	bad bool
}

// in reports whether size bytes at offset at lie in the file.
func (f *buffer) in(at, size uint64) bool {
	if at > uint64(len(f.b)) || size > uint64(len(f.b))-at {
		f.bad = true
		return false
	}
	return true
}

func (f *buffer) u8(at uint64) uint8 {
	if !f.in(at, 1) {
		return 0
	}
	return f.b[at]
}

func (f *buffer) u16(at uint64) uint16 {
	if !f.in(at, 2) {
		return 0
	}
	return binary.LittleEndian.Uint16(f.b[at:])
}

func (f *buffer) u32(at uint64) uint32 {
	if !f.in(at, 4) {
		return 0
	}
	return binary.LittleEndian.Uint32(f.b[at:])
}

// err returns the error that bad stands for.
func (f *buffer) err() error {
	if f.bad {
		return tensor.Errorf("tflite: an offset points outside the file: it is cut or damaged")
	}
	return nil
}

// table is a flatbuffer table. Its first four bytes are the signed distance back to its vtable:
// u16 vtable size, u16 table size, then a u16 offset for each field, 0 where the field has its default.
type table struct {
	f      *buffer
	at     uint64
	exists bool
}

func (f *buffer) root() table { return table{f, uint64(f.u32(0)), true} }

// field returns the place of field n, or ok = false if it has its default value.
func (t table) field(n int) (at uint64, ok bool) {
	if !t.exists {
		return 0, false
	}
	vtable := uint64(int64(t.at) - int64(int32(t.f.u32(t.at)))) // a wrapped result fails the bounds check
	slot := uint64(4 + 2*n)
	if slot+2 > uint64(t.f.u16(vtable)) {
		return 0, false
	}
	offset := t.f.u16(vtable + slot)
	return t.at + uint64(offset), offset != 0
}

func (t table) int8(n int) int8 {
	if at, ok := t.field(n); ok {
		return int8(t.f.u8(at))
	}
	return 0
}

func (t table) int32(n int, byDefault int32) int32 {
	if at, ok := t.field(n); ok {
		return int32(t.f.u32(at))
	}
	return byDefault
}

// table follows field n to another table; a missing one has only default fields.
func (t table) table(n int) table {
	at, ok := t.field(n)
	if !ok {
		return table{f: t.f}
	}
	return table{t.f, at + uint64(t.f.u32(at)), true}
}

// vector is a run of elements: u32 count, then count times size bytes.
type vector struct {
	f    *buffer
	at   uint64 // of the first element
	n    int
	size uint64
}

// vector follows field n to elements of the given size in bytes. A count that does not fit the file is bad.
func (t table) vector(n int, size uint64) vector {
	at, ok := t.field(n)
	if !ok {
		return vector{f: t.f, size: size}
	}
	at += uint64(t.f.u32(at))
	count := uint64(t.f.u32(at))
	if !t.f.in(at, 4+count*size) {
		return vector{f: t.f, size: size}
	}
	return vector{t.f, at + 4, int(count), size}
}

func (v vector) int32(i int) int32 { return int32(v.f.u32(v.at + uint64(i)*4)) }

func (v vector) int32s() []int32 {
	out := make([]int32, v.n)
	for i := range out {
		out[i] = v.int32(i)
	}
	return out
}

// table returns element i of a vector of tables; outside the vector is bad.
func (v vector) table(i int) table {
	if i < 0 || i >= v.n {
		v.f.bad = true
		return table{f: v.f}
	}
	at := v.at + uint64(i)*4
	return table{v.f, at + uint64(v.f.u32(at)), true}
}

func (v vector) bytes() []byte { return v.f.b[v.at : v.at+uint64(v.n)*v.size] }
