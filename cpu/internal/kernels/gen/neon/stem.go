package main

import (
	"fmt"
	"unsafe"

	"mnv2/cpu/internal/kernels"
)

// stem emits a row of the first convolution, channel by channel of the picture's pixels; the first and, for odd widths, the last
// output leave out the tap that is outside of the picture.
func stem(a *assembler, vectors, rows int) {
	var f kernels.Stem
	a.begin(fmt.Sprintf("stem%dx%d_neon", rows, 8*vectors), "Stem", "is Stem for a panel of as many columns.")
	const column, row, px, w, channels, counter, bias = gp(1), gp(2), gp(3), gp(4), gp(5), gp(6), gp(7)
	y := output{y: 9, block: 10, second: 11, third: 12}
	a.field(unsafe.Offsetof(f.Bias), bias)
	a.field(unsafe.Offsetof(f.Y), y.y)
	a.field(unsafe.Offsetof(f.YBlock), y.block)
	a.op("MOVD ZR, %v", column) // byte offset of the tile's first pixel: its left tap, or the middle one of the first output
	emit := func(t tile, firstTap, lastTap, left int) {
		t.begin(a, bias)
		a.field(unsafe.Offsetof(f.W), w)
		for r := range 3 {
			a.field(unsafe.Offsetof(f.X)+uintptr(8*r), px)
			a.op("ADD %v, %v", column, px)
			a.field(unsafe.Offsetof(f.Channels), channels)
			a.repeat(channels, func() {
				for tap := firstTap; tap <= lastTap; tap++ {
					for r := range t.rows {
						a.op("FMOVS %d(%v), F%d", (2*r+tap-left)*vecBytes, px, int(t.free(r)))
					}
					t.multiply(a, w, tap*t.vectors*vecBytes, func(r int) vec { return t.free(r) }, t.rows, 0)
				}
				a.add(4, px)
				a.add(3*t.vectors*vecBytes, w)
			})
		}
		t.finish(a, unsafe.Offsetof(f.Clamp), y)
		a.add((2*t.rows-left)*vecBytes, column)
	}
	emit(tile{1, vectors}, 1, 2, 1)
	a.split(unsafe.Offsetof(f.Rows), tile{rows, vectors}, counter, func(t tile) { emit(t, 0, 2, 0) })
	even := a.newLabel("even")
	a.field(unsafe.Offsetof(f.Odd), row)
	a.op("CBZ %v, %s", row, even)
	emit(tile{1, vectors}, 0, 1, 0)
	a.label(even)
	a.end()
}
