package jpeg

// sequential decodes the coefficients of one block (T.81 F.2.2), each times its quantiser, into b, which is zero. It returns the
// index of the last one in zigzag order. When the data ends it goes on with made-up bits; the caller asks isSpent.
func (r *bitReader) sequential(b *block, p *part) (last int, err error) {
	if err := r.difference(p); err != nil {
		return 0, err
	}
	q, fast := &p.c.quant, &p.ac.fast
	b[0] = uint64(int64(int16(p.pred))) * q[0].by // 16 bits, as libjpeg keeps them
	acc, n := r.acc, r.n
	for k := 1; k < 64; k++ {
		if n < 32 {
			acc, n = r.fill(acc, n)
		}
		e := fast[acc>>(64-fastBits)]
		length := uint(e) & fastLength
		if e&fastPartial == 0 {
			acc <<= length
			n -= int(length)
			k += int(e>>8) & 127
			e >>= 16
		} else {
			zeros, size := int(e>>8)&127, uint(e>>16)
			if length == 0 {
				s, found := p.ac.find(uint32(acc >> 48))
				if found == 0 {
					return 0, errHuffman
				}
				zeros, size, length = int(s>>4), uint(s&15), uint(found)
				if size == 0 && zeros < 15 {
					zeros = fastEnd
				}
			}
			k += zeros
			acc <<= length
			e = extendTop(acc, size)
			acc <<= size & 31
			n -= int(length + size)
		}
		if uint(k) > 63 { // the end of the block, or a run too long, which libjpeg and others let pass
			break
		}
		last = k
		b[q[k].at&31] += uint64(int64(e)) * q[k].by
	}
	r.acc, r.n = acc, n
	return last, nil
}

// extendTop makes a signed value of the size upper bits of acc, at most 16 (T.81 figure F.12).
func extendTop(acc uint64, size uint) int32 {
	if size == 0 {
		return 0
	}
	v := int32(acc >> 48 >> ((16 - size) & 31))
	if int64(acc) < 0 {
		return v
	}
	return v - 1<<(size&31) + 1
}

// difference decodes a DC difference and adds it to p.pred.
func (r *bitReader) difference(p *part) error {
	acc, n := r.acc, r.n
	if n < 32 {
		acc, n = r.fill(acc, n)
	}
	e := p.dc.fast[acc>>(64-fastBits)]
	length := uint(e) & fastLength
	if e&fastPartial == 0 {
		acc <<= length
		n -= int(length)
		p.pred += e >> 16
	} else {
		size := uint(e >> 16)
		if length == 0 {
			s, found := p.dc.find(uint32(acc >> 48))
			if found == 0 {
				return errHuffman
			}
			size, length = uint(s), uint(found)
		}
		acc <<= length
		p.pred += extendTop(acc, size)
		acc <<= size & 31
		n -= int(length + size)
	}
	r.acc, r.n = acc, n
	return nil
}
