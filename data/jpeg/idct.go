package jpeg

import "encoding/binary"

// block holds 8x8 dequantised coefficients, then their transform's intermediate values. One word holds two neighbours: as
// left + right<<32, signed. Sums, differences and products with constants of such words are right for both numbers at once,
// so that the transform does half the work; only shifts must take them apart.
type block [32]uint64

// The constants of the transform of Loeffler, Ligtenberg and Moschytz (ICASSP 1989, figure 1) as the Independent JPEG Group
// uses it, in 13-bit fixed point: round(c * 8192).
const (
	c0_298631336 = 2446
	c0_390180644 = 3196
	c0_541196100 = 4433
	c0_765366865 = 6270
	c0_899976223 = 7373
	c1_175875602 = 9633
	c1_501321110 = 12299
	c1_847759065 = 15137
	c1_961570560 = 16069
	c2_053119869 = 16819
	c2_562915447 = 20995
	c3_072711026 = 25172
)

const (
	both = 1 | 1<<32 // times a number: the number in both halves
	// The first pass leaves 2 of the 13 bits of fraction. Halves are made positive before they are shifted.
	shift1 = 11
	round1 = (1<<31 + 1<<(shift1-1)) * both
	mask1  = (1<<(32-shift1) - 1) * both
	bias1  = 1 << (31 - shift1) * both // what the positive halves are too large by
	// The second pass drops the fraction and the factor 8 of the transform. Its halves remain positive: sampleOf expects that.
	shift2 = 18
	round2 = (1<<31 + 1<<(shift2-1)) * both
)

// sampleOf clamps what the second pass leaves, a sample less 128 plus 8192, to 0..255.
var sampleOf = func() (t [1 << 14]byte) {
	for i := range t {
		t[i] = byte(min(max(i-8192+128, 0), 255))
	}
	return t
}()

// transform writes the inverse cosine transform of b as 8 rows of samples, stride apart, and destroys b. last is the index of the
// last coefficient that is not zero, in zigzag order.
func (b *block) transform(last int, dst []byte, stride int) {
	switch {
	case last == 0:
		b.flat(dst, stride)
	case last < 10: // the zigzag has not left the upper left 4x4
		var w block
		b.columns4(&w)
		w.rows4(dst, stride)
	default:
		var w block
		b.columns(&w)
		w.rows(dst, stride)
	}
}

// flat is transform for a mean without anything else.
func (b *block) flat(dst []byte, stride int) {
	v := uint64(sampleOf[((int32(b[0])<<2+16)>>5+8192)&0x3fff]) * 0x0101010101010101
	for y := range 8 {
		binary.LittleEndian.PutUint64(dst[y*stride:], v)
	}
}

// turn puts two rows of the result of the first pass in two columns, given as four positive halves, at the places of these columns.
func (b *block) turn(at int, upper, lower uint64) {
	upper, lower = upper>>shift1&mask1, lower>>shift1&mask1
	b[at&31] = (upper&0xffffffff | lower<<32) - bias1
	b[(at+1)&31] = (upper>>32 | lower&^0xffffffff) - bias1
}

// columns transforms the columns of b, two at a time. w gets the result turned: the words of w hold two values of a column,
// w[8*y+x] those of rows 2y and 2y+1 of column x.
func (b *block) columns(w *block) {
	for i := range 4 {
		x0, x1, x2, x3 := b[i], b[i+4], b[i+8], b[i+12]
		x4, x5, x6, x7 := b[i+16], b[i+20], b[i+24], b[i+28]
		if x1|x2|x3|x4|x5|x6|x7 == 0 {
			flat := (x0<<2 + bias1) << shift1
			for y := range 4 {
				w.turn(8*y+2*i, flat, flat)
			}
			continue
		}
		z := (x2 + x6) * c0_541196100
		t2, t3 := z-x6*c1_847759065, z+x2*c0_765366865
		t0, t1 := (x0+x4)<<13+round1, (x0-x4)<<13+round1
		e0, e3, e1, e2 := t0+t3, t0-t3, t1+t2, t1-t2

		z1, z2, z3, z4 := x7+x1, x5+x3, x7+x3, x5+x1
		z5 := (z3 + z4) * c1_175875602
		z1, z2 = z1*c0_899976223, z2*c2_562915447
		z3, z4 = z5-z3*c1_961570560, z5-z4*c0_390180644
		o3 := x7*c0_298631336 - z1 + z3
		o2 := x5*c2_053119869 - z2 + z4
		o1 := x3*c3_072711026 - z2 + z3
		o0 := x1*c1_501321110 - z1 + z4

		w.turn(2*i, e0+o0, e1+o1)
		w.turn(2*i+8, e2+o2, e3+o3)
		w.turn(2*i+16, e3-o3, e2-o2)
		w.turn(2*i+24, e1-o1, e0-o0)
	}
}

// rows transforms the rows, two at a time, of what columns made.
func (b *block) rows(dst []byte, stride int) {
	for i := range 4 {
		in := (*[8]uint64)(b[8*i:])
		x0, x1, x2, x3, x4, x5, x6, x7 := in[0], in[1], in[2], in[3], in[4], in[5], in[6], in[7]
		z := (x2 + x6) * c0_541196100
		t2, t3 := z-x6*c1_847759065, z+x2*c0_765366865
		t0, t1 := (x0+x4)<<13+round2, (x0-x4)<<13+round2
		e0, e3, e1, e2 := t0+t3, t0-t3, t1+t2, t1-t2

		z1, z2, z3, z4 := x7+x1, x5+x3, x7+x3, x5+x1
		z5 := (z3 + z4) * c1_175875602
		z1, z2 = z1*c0_899976223, z2*c2_562915447
		z3, z4 = z5-z3*c1_961570560, z5-z4*c0_390180644
		o3 := x7*c0_298631336 - z1 + z3
		o2 := x5*c2_053119869 - z2 + z4
		o1 := x3*c3_072711026 - z2 + z3
		o0 := x1*c1_501321110 - z1 + z4

		upper, lower := (*[8]byte)(dst[2*i*stride:]), (*[8]byte)(dst[(2*i+1)*stride:])
		upper[0], lower[0] = samples(e0 + o0)
		upper[1], lower[1] = samples(e1 + o1)
		upper[2], lower[2] = samples(e2 + o2)
		upper[3], lower[3] = samples(e3 + o3)
		upper[4], lower[4] = samples(e3 - o3)
		upper[5], lower[5] = samples(e2 - o2)
		upper[6], lower[6] = samples(e1 - o1)
		upper[7], lower[7] = samples(e0 - o0)
	}
}

// samples takes two values of the second pass apart.
func samples(v uint64) (upper, lower byte) {
	return sampleOf[v>>shift2&0x3fff], sampleOf[v>>(32+shift2)]
}
