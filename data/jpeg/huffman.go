package jpeg

import (
	"errors"
	"fmt"
)

// fastBits is the length of the codes, with the value behind them where it fits, that are decoded by one look into a
// table. 9 to 11 were tried on photographs; see BenchmarkDecode.
const fastBits = 10

// An entry of huffman.fast, for the code that the next fastBits bits begin with:
//
//	bits 0-4    number of bits to consume
//	bit 7       set if the value is yet to be read: only the code itself fits, or not even that (then bits 0-4 are 0)
//	bits 8-14   number of zero coefficients before this one; fastEnd: end of block
//	bits 16-31  the value, signed; or, if it is yet to be read, the number of its bits
const (
	fastLength  = 31
	fastPartial = 1 << 7
	fastEnd     = 127
)

// huffman is a Huffman table ready for decoding.
type huffman struct {
	isDefined bool   // in this file
	isMade    bool   // perhaps from another file's segment
	source    []byte // the counts and symbols it was made from
	fast      [1 << fastBits]int32
	limit     [18]uint32 // by code length: the first 16-bit string behind the codes of this length; the last entry is above all
	offset    [17]int32  // by code length: what to add to a code to have its place in symbols
	symbols   [256]byte
	hops      *hops // made when first needed
}

var errHuffman = errors.New("bad Huffman code")

// define makes the table from a segment's 16 counts and the symbols in the order of their codes (T.81 annex C).
func (t *huffman) define(counts, symbols []byte, isDC bool) error {
	if t.isMade && string(t.source[:16]) == string(counts) && string(t.source[16:]) == string(symbols) {
		t.isDefined = true // many files of a set have the same tables
		return nil
	}
	t.isDefined, t.isMade = false, false
	if t.hops != nil {
		t.hops.isMade = false
	}
	t.source = append(append(t.source[:0], counts...), symbols...)
	for i := range t.fast {
		t.fast[i] = fastPartial
	}
	t.symbols = [256]byte{}
	copy(t.symbols[:], symbols)
	code, at := uint32(0), 0
	for length := 1; length <= 16; length++ {
		n := int(counts[length-1])
		t.offset[length] = int32(at) - int32(code)
		for range n {
			if code >= 1<<length {
				return fmt.Errorf("huffman table: more codes of %d bits than there are", length)
			}
			if isDC && symbols[at] > 15 {
				return fmt.Errorf("huffman table: a DC difference of %d bits", symbols[at])
			}
			if length <= fastBits {
				t.fill(code, length, symbols[at], isDC)
			}
			code, at = code+1, at+1
		}
		t.limit[length] = code << (16 - length)
		code <<= 1
	}
	t.limit[17] = 1 << 17
	t.isDefined, t.isMade = true, true
	return nil
}

// fill sets the entries of all strings that begin with a code.
func (t *huffman) fill(code uint32, length int, symbol byte, isDC bool) {
	zeros, size := int32(symbol>>4), int(symbol&15)
	free := fastBits - length // bits behind the code
	first := int(code) << free
	for i := range 1 << free {
		e := int32(length) | zeros<<8
		switch {
		case size == 0 && zeros != 15 && !isDC:
			e = int32(length) | fastEnd<<8
		case size > free:
			e |= fastPartial | int32(size)<<16
		case size > 0:
			e = int32(length+size) | zeros<<8 | extend(uint32(i)>>(free-size), size)<<16
		}
		t.fast[first+i] = e
	}
}

// extend makes a signed value of size bits (T.81 figure F.12): those that begin with 0 are negative.
func extend(bits uint32, size int) int32 {
	if bits < 1<<(size-1) {
		return int32(bits) - 1<<size + 1
	}
	return int32(bits)
}

// find returns the symbol of the code that the 16 bits begin with, and its length; 0 if there is none.
func (t *huffman) find(bits uint32) (symbol byte, length int) {
	length = 1
	for bits >= t.limit[length] {
		length++
	}
	if length > 16 {
		return 0, 0
	}
	return t.symbols[byte(int32(bits>>(16-length))+t.offset[length])], length
}
