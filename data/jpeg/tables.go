package jpeg

import (
	"encoding/binary"
	"fmt"
)

// unzig gives the place of the k-th coefficient of a scan in a block, 8*row + column (T.81 figure A.6).
var unzig = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// quantiser holds, for the coefficients in zigzag order, where each goes in a block and what it is multiplied by. A block
// keeps two neighbours of a row in one word (see block), so that the factor of the right one has a factor 1<<32 in it.
type quantiser [64]struct {
	at int
	by uint64
}

func newQuantiser(table *[64]uint16) (q quantiser) {
	for k, v := range table {
		at := int(unzig[k])
		q[k].at, q[k].by = at/2, uint64(v)<<(32*(at%2))
	}
	return q
}

// quantTables are the tables that DQT segments define, in zigzag order.
type quantTables struct {
	isDefined [4]bool
	tables    [4][64]uint16
}

// parse reads a DQT segment: precision and number, 64 values, and again.
func (q *quantTables) parse(body []byte) error {
	for len(body) > 0 {
		wide, at := int(body[0]>>4), body[0]&15
		size := 64 << wide
		if wide > 1 || at > 3 || len(body) < 1+size {
			return fmt.Errorf("quantisation table %02x of %d bytes", body[0], len(body)-1)
		}
		for k := range 64 {
			if wide == 1 {
				q.tables[at][k] = binary.BigEndian.Uint16(body[1+2*k:])
			} else {
				q.tables[at][k] = uint16(body[1+k])
			}
		}
		q.isDefined[at] = true
		body = body[1+size:]
	}
	return nil
}

// huffmanTables are the tables that DHT segments define: [0] for DC, [1] for AC.
type huffmanTables [2][4]huffman

// parse reads a DHT segment: class and number, 16 counts, symbols, and again.
func (h *huffmanTables) parse(body []byte) error {
	for len(body) > 0 {
		if len(body) < 17 || body[0]>>4 > 1 || body[0]&15 > 3 {
			return fmt.Errorf("huffman table %02x of %d bytes", body[0], len(body)-1)
		}
		class, at, counts := body[0]>>4, body[0]&15, body[1:17]
		n := 0
		for _, c := range counts {
			n += int(c)
		}
		if n > 256 || n > len(body)-17 {
			return fmt.Errorf("huffman table with %d symbols in %d bytes", n, len(body)-17)
		}
		if err := h[class][at].define(counts, body[17:17+n], class == 0); err != nil {
			return err
		}
		body = body[17+n:]
	}
	return nil
}

// forget makes all tables undefined, but leaves what they were made from.
func (h *huffmanTables) forget() {
	for i := range h {
		for j := range h[i] {
			h[i][j].isDefined = false
		}
	}
}
