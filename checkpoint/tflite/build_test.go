package tflite

import (
	"encoding/binary"
	"math"
)

// node is a flatbuffer table to be built: field number to int8, int32, *node, []byte, []int32, []int64, []float32 or []*node.
type node map[int]any

// build lays out a whole file with root at its start. Tables come before what they point to, as offsets must be positive.
func build(root node) []byte {
	b := &builder{out: []byte("\x00\x00\x00\x00TFL3")}
	b.patch(0, b.table(root))
	return b.out
}

type builder struct{ out []byte }

func (b *builder) patch(at, target int) {
	binary.LittleEndian.PutUint32(b.out[at:], uint32(target-at))
}

func (b *builder) u32(v uint32) int {
	b.out = binary.LittleEndian.AppendUint32(b.out, v)
	return len(b.out) - 4
}

// table appends a vtable, the table and everything below it; it returns where the table is.
func (b *builder) table(n node) int {
	last := -1
	for id := range n {
		last = max(last, id)
	}
	vtable := len(b.out)
	b.out = binary.LittleEndian.AppendUint16(b.out, uint16(4+2*(last+1)))
	b.out = binary.LittleEndian.AppendUint16(b.out, uint16(4+4*(last+1)))
	for id := range last + 1 {
		offset := uint16(0)
		if _, ok := n[id]; ok {
			offset = uint16(4 + 4*id)
		}
		b.out = binary.LittleEndian.AppendUint16(b.out, offset)
	}
	at := b.u32(0)
	binary.LittleEndian.PutUint32(b.out[at:], uint32(at-vtable))
	b.out = append(b.out, make([]byte, 4*(last+1))...)
	for id := range last + 1 {
		if v, ok := n[id]; ok {
			b.field(at+4+4*id, v)
		}
	}
	return at
}

func (b *builder) field(at int, v any) {
	switch v := v.(type) {
	case int8:
		b.out[at] = byte(v)
	case int32:
		binary.LittleEndian.PutUint32(b.out[at:], uint32(v))
	case node:
		b.patch(at, b.table(v))
	default:
		b.vector(at, v)
	}
}

func (b *builder) vector(at int, v any) {
	switch v := v.(type) {
	case []byte:
		b.patch(at, b.u32(uint32(len(v))))
		b.out = append(b.out, v...)
	case []int32:
		b.patch(at, b.u32(uint32(len(v))))
		for _, x := range v {
			b.u32(uint32(x))
		}
	case []float32:
		b.patch(at, b.u32(uint32(len(v))))
		for _, x := range v {
			b.u32(math.Float32bits(x))
		}
	case []int64:
		b.patch(at, b.u32(uint32(len(v))))
		for _, x := range v {
			b.out = binary.LittleEndian.AppendUint64(b.out, uint64(x))
		}
	case []node:
		b.patch(at, b.u32(uint32(len(v))))
		start := len(b.out)
		b.out = append(b.out, make([]byte, 4*len(v))...)
		for i, n := range v {
			b.patch(start+4*i, b.table(n))
		}
	}
}
