package jpeg

// decodeProgressive decodes what a scan of a progressive file says about block (x, y) of a component.
func (d *Decoder) decodeProgressive(p *part, x, y int) error {
	var padding [64]int16
	b, s, c := &padding, &d.scan, p.c
	if x < c.bw && y < c.rows {
		b = (*[64]int16)(c.coefs[64*(y*c.bw+x):])
	}
	switch {
	case s.first == 0 && s.high == 0:
		err := d.bits.difference(p)
		b[0] = int16(p.pred << s.low)
		return err
	case s.first == 0:
		b[0] |= int16(d.bits.take(1) << s.low)
		return nil
	case s.high == 0:
		return d.bits.band(b, p.ac, s)
	default:
		return d.bits.refine(b, p.ac, s)
	}
}

// band decodes a band of AC coefficients for the first time (T.81 G.1.2.2).
func (r *bitReader) band(b *[64]int16, t *huffman, s *scan) error {
	if s.endRun > 0 {
		s.endRun--
		return nil
	}
	for k := s.first; k <= s.last; k++ {
		if r.n < 32 {
			r.acc, r.n = r.fill(r.acc, r.n)
		}
		e := t.fast[r.acc>>(64-fastBits)]
		if e == 0 {
			if e = t.slow(r.acc); e == 0 {
				return errHuffman
			}
		}
		if e.zeros() == endOfBlock {
			symbol, err := r.symbol(t)
			s.endRun = 1<<(symbol>>4) - 1 + int(r.take(int(symbol>>4)))
			return err
		}
		v := int16(e.value(r.acc) << s.low)
		r.acc <<= e.length()
		r.n -= int(e.length())
		if k += e.zeros(); uint(k) < 64 { // v is 0 after 15 zeros without a value
			b[k] = v
		}
	}
	return nil
}

// refine decodes one more bit of a band of AC coefficients (T.81 G.1.2.3): a correction bit for each that is not zero, and
// between them those that become 1 or -1 of the new bit.
func (r *bitReader) refine(b *[64]int16, t *huffman, s *scan) error {
	k := s.first
	for s.endRun == 0 && k <= s.last {
		symbol, err := r.symbol(t)
		if err != nil {
			return err
		}
		zeros, fresh := int(symbol>>4), int16(0)
		switch {
		case symbol&15 != 0: // its size must be 1; libjpeg, too, lets others pass
			fresh = int16(-1) << s.low
			if r.take(1) == 1 {
				fresh = 1 << s.low
			}
		case zeros < 15:
			s.endRun = 1<<zeros + int(r.take(zeros))
			zeros = 64
		}
		if zeros == 64 {
			break
		}
		if k = r.correct(b, s, k, zeros); fresh != 0 && k <= s.last {
			b[k] = fresh
		}
		k++
	}
	if s.endRun > 0 {
		r.correct(b, s, k, 64)
		s.endRun--
	}
	return nil
}

// correct reads the correction bits from coefficient k on, until it has passed the given number of zeros and stands at the next
// one, or is behind the band. It returns where it stands.
func (r *bitReader) correct(b *[64]int16, s *scan, k, zeros int) int {
	for ; k <= s.last; k++ {
		v := b[k&63]
		if v == 0 {
			if zeros == 0 {
				break
			}
			zeros--
			continue
		}
		bit := int16(1) << s.low
		if r.take(1) == 1 && v&bit == 0 {
			if v < 0 {
				bit = -bit
			}
			b[k&63] = v + bit
		}
	}
	return k
}

// note remembers which bits of which coefficients a finished scan has brought.
func (s *scan) note() {
	for _, p := range s.parts {
		for k := s.first; k <= s.last; k++ {
			p.c.missing[k] = int8(1 + s.low)
		}
	}
}

// isComplete reports whether every coefficient of every component came, to its last bit.
func (f *frame) isComplete() bool {
	for i := range f.comps {
		for _, bits := range f.comps[i].missing {
			if bits != 1 {
				return false
			}
		}
	}
	return true
}

// reconstruct transforms the wanted blocks of a progressive file.
func (d *Decoder) reconstruct(c *component) {
	for y := c.need.y0; y < c.need.y1; y++ {
		for x := c.need.x0; x < c.need.x1; x++ {
			d.block = block{}
			last := 0
			for k, v := range (*[64]int16)(c.coefs[64*(y*c.bw+x):]) {
				if v != 0 {
					last = k
					d.block[c.quant[k].at&31] += uint64(int64(v)) * c.quant[k].by
				}
			}
			d.block.transform(last, c.at(x, y), c.stride)
		}
	}
}
