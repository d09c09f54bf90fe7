package jpeg

import (
	"errors"
	"fmt"
)

// fastBits is the length of the codes that are found by one look into a table. 9 to 11 were tried on photographs; see
// BenchmarkDecode.
const fastBits = 10

// entry is what a decoder must know of a code; 0 stands for none.
//
//	bits 0-4    number of bits of the code and of the value behind it
//	bits 8-12   number of bits of the code
//	bits 16-19  number of bits of the value
//	bits 24-30  number of zero coefficients before the value; endOfBlock
//
// Entries that hold the value itself, where code and value are short enough, were no faster: the branch is too hard to predict.
type entry uint32

const endOfBlock = 127

func newEntry(symbol byte, length int, isDC bool) entry {
	zeros, size := int(symbol>>4), int(symbol&15)
	if size == 0 && zeros < 15 && !isDC {
		zeros = endOfBlock
	}
	return entry(length + size | length<<8 | size<<16 | zeros<<24)
}

func (e entry) length() uint { return uint(e) & 31 }
func (e entry) zeros() int   { return int(e >> 24) }

// value returns the value behind the code, which stand on top of acc (T.81 figure F.12): values that begin with 0 are negative.
func (e entry) value(acc uint64) int64 {
	acc <<= e >> 8 & 31
	size := e >> 16 & 15
	positive := int64(acc) >> 63 // 0 or all ones
	return int64(acc>>1>>(63-size)) - (1<<size-1)&^positive
}

// huffman is a Huffman table ready for decoding.
type huffman struct {
	isDefined bool   // in this file
	isMade    bool   // perhaps from another file's segment
	source    []byte // the counts and symbols it was made from
	isDC      bool
	fast      [1 << fastBits]entry
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
	t.isDC = isDC
	clear(t.fast[:])
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
			if free := fastBits - length; free >= 0 { // all strings that begin with the code
				e := newEntry(symbols[at], length, isDC)
				for i := range 1 << free {
					t.fast[int(code)<<free+i] = e
				}
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

// slow returns the entry of the code on top of acc by its length; 0 if there is none.
func (t *huffman) slow(acc uint64) entry {
	symbol, length := t.find(uint32(acc >> 48))
	if length == 0 {
		return 0
	}
	return newEntry(symbol, length, t.isDC)
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
