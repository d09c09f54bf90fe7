package main

import (
	"fmt"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"mnv2/cpu/internal/kernels"
)

// depthwiseGradWeight emits nine sums that stay in registers, of the rows of a table, for each image.
func depthwiseGradWeight(stride int) {
	var f kernels.DepthwiseGradWeight
	a := begin(fmt.Sprintf("depthwiseGradWeight_s%d_avx2", stride), "DepthwiseGradWeight",
		fmt.Sprintf("is DepthwiseGradWeight with stride %d, with AVX2 and FMA.", stride))
	taps := unsafe.Offsetof(f.Taps)
	acc := zeros(9)
	x, dyImage, zero := a.load(unsafe.Offsetof(f.X)), a.load(unsafe.Offsetof(f.DY)), a.load(unsafe.Offsetof(f.Zero))
	repeat("image", a.load(unsafe.Offsetof(f.Images)), func() {
		dy, table := copyOf(dyImage), a.load(unsafe.Offsetof(f.Rows))
		repeat("row", a.load(unsafe.Offsetof(f.Count)), func() {
			var k dw
			k.inputRows(x, zero, table)
			CMPQ(a.at(taps+unsafe.Offsetof(f.Taps.Only)), Imm(0))
			JNE(LabelRef("only"))
			gradTaps(acc, dy, k.rows, 1, 2, stride-1)
			repeatMaybe("middle", a.load(taps+unsafe.Offsetof(f.Taps.Middle)), func() { gradTaps(acc, dy, k.rows, 0, 2, stride) })
			CMPQ(a.at(taps+unsafe.Offsetof(f.Taps.Last)), Imm(0))
			JE(LabelRef("next"))
			gradTaps(acc, dy, k.rows, 0, 1, 0)
			JMP(LabelRef("next"))
			Label("only")
			gradTaps(acc, dy, k.rows, 1, 1, 0)
			Label("next")
			add(3*8, table)
		})
		ADDQ(a.at(unsafe.Offsetof(f.XImage)), x)
		ADDQ(a.at(unsafe.Offsetof(f.DYImage)), dyImage)
	})
	sum := a.load(unsafe.Offsetof(f.Sum))
	for i, r := range acc {
		flush(r, mem(sum, 2*i*vecBytes))
	}
	end()
}

// gradTaps adds what one output gives to the taps from first to last, and moves on by step columns of x. The rows point at
// the column of tap 0, or of tap 1 where tap 0 is outside of the picture.
func gradTaps(acc []VecVirtual, dy Register, rows []GPVirtual, first, last, step int) {
	d := YMM()
	VMOVUPS(mem(dy, 0), d)
	add(vecBytes, dy)
	for r, row := range rows {
		for s := first; s <= last; s++ {
			VFMADD231PS(mem(row, (s-first)*vecBytes), d, acc[3*r+s])
		}
		if step > 0 {
			add(step*vecBytes, row)
		}
	}
}

// depthwiseGradInput emits pairs of rows of dx; dy passes by in four registers.
func depthwiseGradInput() {
	var f kernels.DepthwiseGradInput
	a := begin("depthwiseGradInput_avx2", "DepthwiseGradInput", "is DepthwiseGradInput with AVX2 and FMA.")
	w, weights := a.load(unsafe.Offsetof(f.W)), ymms(9)
	for i, r := range weights {
		VMOVUPS(mem(w, i*vecBytes), r)
	}
	rows := []GPVirtual{a.load(unsafe.Offsetof(f.DY)), a.load(unsafe.Offsetof(f.Next)), a.load(unsafe.Offsetof(f.DX)), a.load(unsafe.Offsetof(f.Odd))}
	repeat("row", a.load(unsafe.Offsetof(f.Count)), func() {
		d0, d1, y0, y1 := copyOf(rows[0]), copyOf(rows[1]), copyOf(rows[2]), copyOf(rows[3])
		d := ymms(4) // dy[i][j], dy[i][j+1], dy[i+1][j], dy[i+1][j+1]
		VMOVUPS(mem(d0, 0), d[0])
		VMOVUPS(mem(d1, 0), d[2])
		repeatMaybe("pair", a.load(unsafe.Offsetof(f.Middle)), func() {
			VMOVUPS(mem(d0, vecBytes), d[1])
			VMOVUPS(mem(d1, vecBytes), d[3])
			products(mem(y0, 0), weights, []int{4}, d[0])
			products(mem(y0, vecBytes), weights, []int{5, 3}, d[0], d[1])
			products(mem(y1, 0), weights, []int{7, 1}, d[0], d[2])
			products(mem(y1, vecBytes), weights, []int{8, 6, 2, 0}, d[0], d[1], d[2], d[3])
			VMOVAPS(d[1], d[0])
			VMOVAPS(d[3], d[2])
			for _, p := range []GPVirtual{d0, d1} {
				add(vecBytes, p)
			}
			for _, p := range []GPVirtual{y0, y1} {
				add(2*vecBytes, p)
			}
		})
		products(mem(y0, 0), weights, []int{4}, d[0])
		products(mem(y1, 0), weights, []int{7, 1}, d[0], d[2])
		CMPQ(a.at(unsafe.Offsetof(f.Even)), Imm(0))
		JE(LabelRef("next"))
		products(mem(y0, vecBytes), weights, []int{5}, d[0])
		products(mem(y1, vecBytes), weights, []int{8, 2}, d[0], d[2])
		Label("next")
		for i, row := range rows {
			step := unsafe.Offsetof(f.DYRow)
			if i >= 2 {
				step = unsafe.Offsetof(f.DXRow)
			}
			ADDQ(a.at(step), row)
		}
	})
	end()
}

// products writes the sum of the numbered weights times values.
func products(to Mem, weights []VecVirtual, taps []int, values ...VecVirtual) {
	sum := YMM()
	VMULPS(weights[taps[0]], values[0], sum)
	for i := 1; i < len(taps); i++ {
		VFMADD231PS(weights[taps[i]], values[i], sum)
	}
	VMOVUPS(sum, to)
}
