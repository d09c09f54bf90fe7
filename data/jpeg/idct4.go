package jpeg

// columns4 is columns for a block of which only the upper left 4x4 is not zero: the same sums without the terms that are.
func (b *block) columns4(w *block) {
	for i := range 2 {
		x0, x1, x2, x3 := b[i], b[i+4], b[i+8], b[i+12]
		t0 := x0<<13 + round1
		t2, t3 := x2*c0_541196100, x2*(c0_541196100+c0_765366865)
		e0, e3, e1, e2 := t0+t3, t0-t3, t0+t2, t0-t2
		o0, o1, o2, o3 := odd4(x1, x3)
		w.turn(2*i, e0+o0, e1+o1)
		w.turn(2*i+8, e2+o2, e3+o3)
		w.turn(2*i+16, e3-o3, e2-o2)
		w.turn(2*i+24, e1-o1, e0-o0)
	}
}

// rows4 is rows for what columns4 made: the right half is zero.
func (b *block) rows4(dst []byte, stride int) {
	for i := range 4 {
		in := (*[8]uint64)(b[8*i:])
		x0, x1, x2, x3 := in[0], in[1], in[2], in[3]
		t0 := x0<<13 + round2
		t2, t3 := x2*c0_541196100, x2*(c0_541196100+c0_765366865)
		e0, e3, e1, e2 := t0+t3, t0-t3, t0+t2, t0-t2
		o0, o1, o2, o3 := odd4(x1, x3)
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

// odd4 is the odd part of the transform for x5 = x7 = 0. The constants of columns add up to these.
func odd4(x1, x3 uint64) (o0, o1, o2, o3 uint64) {
	z := (x1 + x3) * c1_175875602
	o0 = z + x1*(c1_501321110-c0_899976223-c0_390180644)
	o1 = z - x3*(c2_562915447+c1_961570560-c3_072711026)
	o2 = z - x3*c2_562915447 - x1*c0_390180644
	o3 = z - x1*c0_899976223 - x3*c1_961570560
	return o0, o1, o2, o3
}
