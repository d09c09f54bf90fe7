package jpeg

import (
	"encoding/binary"
)

// bitReader hands out the bits of entropy-coded data. The methods that are called for every coefficient take the state from the
// struct into locals and put it back.
type bitReader struct {
	b   []byte
	pos int // the next byte
	// The next bits, the first one on top, and how many of them are known to be right. Below these may stand further bits, which
	// are those of the next byte.
	acc uint64
	n   int
	// A marker, or the end of the data, is followed by as many zero bits as anybody asks for; this many were made up.
	madeUp int
}

// start begins at byte pos with a clean state: behind a scan header or a restart marker.
func (r *bitReader) start(pos int) { r.pos, r.acc, r.n, r.madeUp = pos, 0, 0, 0 }

// isSpent reports whether more bits were used than there were.
func (r *bitReader) isSpent() bool { return r.n < r.madeUp }

// fill returns acc and n after adding bytes until n is above 55.
func (r *bitReader) fill(acc uint64, n int) (uint64, int) {
	if r.pos+8 <= len(r.b) {
		const ones, tops = 0x0101010101010101, 0x8080808080808080
		x := binary.BigEndian.Uint64(r.b[r.pos:])
		if (^x-ones)&x&tops == 0 { // no byte is FF
			r.pos += (63 - n) >> 3
			return acc | x>>(uint(n)&63), n | 56
		}
	}
	return r.fillSlowly(acc, n)
}

// fillSlowly is fill by single bytes. A stuffed FF 00 is one byte FF; before FF and anything else it stops.
func (r *bitReader) fillSlowly(acc uint64, n int) (uint64, int) {
	for ; n <= 55; n += 8 {
		if r.madeUp > 0 { // before all else: the end may have been found behind millions of fill bytes
			r.madeUp += 8
			continue
		}
		v, next := byte(0), r.pos
		if r.pos < len(r.b) {
			v, next = r.b[r.pos], r.pos+1
		}
		if v == 0xFF {
			for next < len(r.b) && r.b[next] == 0xFF {
				next++
			}
			if next < len(r.b) && r.b[next] == 0 {
				next++
			} else {
				v, next = 0, r.pos
			}
		}
		if next == r.pos {
			r.madeUp += 8
		}
		acc |= uint64(v) << (uint(56-n) & 63)
		r.pos = next
	}
	return acc, n
}

// take returns the next count bits, at most 16.
func (r *bitReader) take(count int) uint32 {
	if r.n < 16 {
		r.acc, r.n = r.fill(r.acc, r.n)
	}
	v := uint32(r.acc >> 48 >> (uint(16-count) & 31))
	r.acc <<= uint(count) & 31
	r.n -= count
	return v
}

// symbol returns the next Huffman symbol.
func (r *bitReader) symbol(t *huffman) (byte, error) {
	if r.n < 16 {
		r.acc, r.n = r.fill(r.acc, r.n)
	}
	s, length := t.find(uint32(r.acc >> 48))
	if length == 0 {
		return 0, errHuffman
	}
	r.acc <<= uint(length) & 31
	r.n -= length
	return s, nil
}
