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
		if e == 0 {
			if e = p.ac.slow(acc); e == 0 {
				return 0, errHuffman
			}
		}
		v := e.value(acc)
		acc <<= e.length()
		n -= int(e.length())
		k += e.zeros()
		if uint(k) > 63 { // the end of the block, or a run too long, which libjpeg and others let pass
			break
		}
		last = k
		b[q[k].at&31] += uint64(v) * q[k].by
	}
	r.acc, r.n = acc, n
	return last, nil
}

// difference decodes a DC difference and adds it to p.pred.
func (r *bitReader) difference(p *part) error {
	if r.n < 32 {
		r.acc, r.n = r.fill(r.acc, r.n)
	}
	e := p.dc.fast[r.acc>>(64-fastBits)]
	if e == 0 {
		if e = p.dc.slow(r.acc); e == 0 {
			return errHuffman
		}
	}
	p.pred += int32(e.value(r.acc))
	r.acc <<= e.length()
	r.n -= int(e.length())
	return nil
}
