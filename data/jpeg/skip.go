package jpeg

// hopBits is the number of bits that are looked at when a block is passed over. 10 to 13 were tried; see BenchmarkDecode.
const hopBits = 11

// hops says for the next hopBits bits which whole AC coefficients, codes and values, they hold.
//
//	bits 0-4   number of bits to consume, 0 if there is not even one whole coefficient
//	bits 5-12  number of coefficients passed, zeros included, without those behind the end of the block
//	bit 15     set if the end of the block follows, which is consumed as well
type hops struct {
	isMade bool
	table  [1 << hopBits]uint16
}

const hopEnd = 1 << 15

// makeHops fills t.hops.
func (t *huffman) makeHops() *hops {
	if t.hops == nil {
		t.hops = new(hops)
	}
	if !t.hops.isMade {
		for i := range t.hops.table {
			t.hops.table[i] = t.hop(uint64(i) << (64 - hopBits))
		}
		t.hops.isMade = true
	}
	return t.hops
}

// hop computes an entry for the upper bits of acc.
func (t *huffman) hop(acc uint64) uint16 {
	used, passed := 0, 0
	for {
		e := t.fast[acc>>(64-fastBits)]
		if e == 0 || used+int(e.length()) > hopBits {
			return uint16(used | passed<<5)
		}
		used += int(e.length())
		acc <<= e.length()
		if e.zeros() == endOfBlock {
			return uint16(used | passed<<5 | hopEnd)
		}
		passed += e.zeros() + 1
	}
}

// skip passes over a block. It reads the DC difference all the same, because the next blocks build on it.
func (r *bitReader) skip(p *part) error {
	if err := r.difference(p); err != nil {
		return err
	}
	table := &p.hops.table
	acc, n := r.acc, r.n
	for k := 1; k < 64; {
		if n < 32 {
			acc, n = r.fill(acc, n)
		}
		hop := table[acc>>(64-hopBits)]
		used, next := uint(hop)&31, k+int(hop>>5)&255
		switch isEnd := hop&hopEnd != 0; {
		case used == 0 || next > 64 || next == 64 && isEnd: // the block ends before the last of these coefficients
			e := p.ac.slow(acc)
			if e == 0 {
				return errHuffman
			}
			used, next = e.length(), k+e.zeros()+1
		case isEnd:
			next = 64
		}
		acc <<= used & 63
		n -= int(used)
		k = next
	}
	r.acc, r.n = acc, n
	return nil
}
