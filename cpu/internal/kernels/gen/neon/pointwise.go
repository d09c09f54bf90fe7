package main

import (
	"fmt"
	"unsafe"

	"mnv2/cpu/internal/kernels"
)

// pointwise emits the matrix product of pixels and one panel of weights: four channels of every row at a time, whose numbers the
// multiply-adds take out of a register one by one.
func pointwise(a *assembler, vectors, rows int) {
	var f kernels.Pointwise
	a.begin(fmt.Sprintf("pointwise%dx%d_neon", rows, 8*vectors), "Pointwise", "is Pointwise for a panel of as many columns.")
	const x, block, residual, px, w, blocks, counter, bias = gp(1), gp(2), gp(3), gp(4), gp(5), gp(6), gp(7), gp(8)
	y := output{y: 9, block: 10, second: 11, third: 12}
	add := output{y: residual, block: 10, second: 13, third: 14}
	a.field(unsafe.Offsetof(f.X), x)
	a.field(unsafe.Offsetof(f.XBlock), block)
	a.field(unsafe.Offsetof(f.Add), residual)
	a.field(unsafe.Offsetof(f.Bias), bias)
	a.field(unsafe.Offsetof(f.Y), y.y)
	a.field(unsafe.Offsetof(f.YBlock), y.block)
	a.split(unsafe.Offsetof(f.Rows), tile{rows, vectors}, counter, func(t tile) {
		t.begin(a, bias)
		a.op("MOVD %v, %v", x, px)
		a.field(unsafe.Offsetof(f.W), w)
		a.field(unsafe.Offsetof(f.Blocks), blocks)
		a.repeat(blocks, func() {
			for half := range 2 {
				for r := range t.rows {
					a.load(px, r*vecBytes+16*half, t.free(r))
				}
				for lane := range 4 {
					t.multiply(a, w, (4*half+lane)*t.vectors*vecBytes, func(r int) vec { return t.free(r) }, t.rows, lane)
				}
			}
			a.op("ADD %v, %v", block, px)
			a.add(8*t.vectors*vecBytes, w)
		})
		t.addResidual(a, add)
		t.finish(a, unsafe.Offsetof(f.Clamp), y)
		a.add(t.rows*vecBytes, x)
	})
	a.end()
}

// addResidual adds the residual if there is one, and moves on in it.
func (t tile) addResidual(a *assembler, o output) {
	none := a.newLabel("plain")
	a.op("CBZ %v, %s", o.y, none)
	o.point(a, t)
	for r := range t.rows {
		for c := range t.columns() {
			base, offset := o.at(r, c)
			a.load(base, offset, t.free(0))
			a.addTo(t.acc(r, c), t.free(0))
		}
	}
	a.add(t.rows*vecBytes, o.y)
	a.label(none)
}
