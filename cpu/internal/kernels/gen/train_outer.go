package main

import (
	"fmt"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"mnv2/cpu/internal/kernels"
)

// outer emits the sums of outer products. Rows are values of dy, broadcast; columns are vectors of x. With two or three
// vectors the eight rows are done in two halves, so that the sums fit the registers.
func outer(vectors int) {
	var f kernels.Outer
	a := begin(fmt.Sprintf("outer8x%d_avx2", 8*vectors), "Outer", "is Outer with AVX2 and FMA.")
	rows, halves := 4, 2
	if vectors == 1 {
		rows, halves = 8, 1
	}
	block := a.load(unsafe.Offsetof(f.XBlock))
	dyPixel, xPixel := a.load(unsafe.Offsetof(f.DYPixel)), a.load(unsafe.Offsetof(f.XPixel))
	sum, sumRow := a.load(unsafe.Offsetof(f.Sum)), a.load(unsafe.Offsetof(f.SumRow))
	to, toRow := a.load(unsafe.Offsetof(f.To)), a.load(unsafe.Offsetof(f.ToRow))
	for half := range halves {
		acc := shape{rows, vectors}.zeros()
		dyImage, xImage := a.load(unsafe.Offsetof(f.DY)), a.load(unsafe.Offsetof(f.X))
		label := fmt.Sprintf("half%d", half)
		repeat(label+"_image", a.load(unsafe.Offsetof(f.Images)), func() {
			dy, x := copyOf(dyImage), copyOf(xImage)
			repeat(label+"_pixel", a.load(unsafe.Offsetof(f.Pixels)), func() {
				outerPixel(acc, dy, x, block, half*rows)
				ADDQ(dyPixel, dy)
				ADDQ(xPixel, x)
			})
			ADDQ(a.at(unsafe.Offsetof(f.DYImage)), dyImage)
			ADDQ(a.at(unsafe.Offsetof(f.XImage)), xImage)
		})
		TESTQ(to, to)
		JNZ(LabelRef(label + "_store"))
		for _, row := range acc {
			for v, r := range row {
				flush(r, mem(sum, 2*v*vecBytes))
			}
			ADDQ(sumRow, sum)
		}
		JMP(LabelRef(label + "_done"))
		Label(label + "_store")
		for _, row := range acc {
			for v, r := range row {
				VMOVUPS(r, mem(to, v*vecBytes))
			}
			ADDQ(toRow, to)
		}
		Label(label + "_done")
	}
	end()
}

// outerPixel adds dy[first+r] * x to row r.
func outerPixel(acc [][]VecVirtual, dy, x, block Register, first int) {
	w := ymms(len(acc[0]))
	for v := range w {
		at := Mem{Base: x}
		if v > 0 {
			at.Index, at.Scale = block, uint8(v)
		}
		VMOVUPS(at, w[v])
	}
	for r, row := range acc {
		value := YMM()
		VBROADCASTSS(mem(dy, 4*(first+r)), value)
		for v := range w {
			VFMADD231PS(w[v], value, row[v])
		}
	}
}

// zeros returns the registers of the tile, holding 0.
func (s shape) zeros() [][]VecVirtual {
	acc := make([][]VecVirtual, s.rows)
	for r := range acc {
		acc[r] = zeros(s.vectors)
	}
	return acc
}

// transpose8x8 emits the transposition of blocks of eight by eight: pairs, fours, halves.
func transpose8x8() {
	var f kernels.Transpose
	a := begin("transpose_avx2", "Transpose", "is Transpose with AVX.")
	from, step := a.load(unsafe.Offsetof(f.From)), a.load(unsafe.Offsetof(f.FromRow))
	to, toRow := a.load(unsafe.Offsetof(f.To)), a.load(unsafe.Offsetof(f.ToRow))
	repeat("block", a.load(unsafe.Offsetof(f.Blocks)), func() {
		rows := ymms(8)
		row := copyOf(from)
		for _, r := range rows {
			VMOVUPS(mem(row, 0), r)
			ADDQ(step, row)
		}
		for _, r := range transposed(rows) {
			VMOVUPS(r, mem(to, 0))
			ADDQ(toRow, to)
		}
		add(vecBytes, from)
	})
	end()
}

// transposed returns the columns of eight rows.
func transposed(r []VecVirtual) []VecVirtual {
	pairs, fours, columns := ymms(8), ymms(8), ymms(8)
	for i := range 4 {
		VUNPCKLPS(r[2*i+1], r[2*i], pairs[2*i])
		VUNPCKHPS(r[2*i+1], r[2*i], pairs[2*i+1])
	}
	for i := range 2 {
		p := pairs[4*i:]
		VSHUFPS(Imm(0x44), p[2], p[0], fours[4*i])
		VSHUFPS(Imm(0xee), p[2], p[0], fours[4*i+1])
		VSHUFPS(Imm(0x44), p[3], p[1], fours[4*i+2])
		VSHUFPS(Imm(0xee), p[3], p[1], fours[4*i+3])
	}
	for i := range 4 {
		VPERM2F128(Imm(0x20), fours[4+i], fours[i], columns[i])
		VPERM2F128(Imm(0x31), fours[4+i], fours[i], columns[4+i])
	}
	return columns
}

// copyRows emits the copy of rows, with and without an addition.
func copyRows() {
	var f kernels.Copy
	a := begin("copy_avx2", "Copy", "is Copy with AVX.")
	from, fromRow := a.load(unsafe.Offsetof(f.From)), a.load(unsafe.Offsetof(f.FromRow))
	to, toRow := a.load(unsafe.Offsetof(f.To)), a.load(unsafe.Offsetof(f.ToRow))
	plus, plusRow := a.load(unsafe.Offsetof(f.Add)), a.load(unsafe.Offsetof(f.AddRow))
	rows, ahead := a.load(unsafe.Offsetof(f.Rows)), GP64()
	LEAQ(Mem{Base: from, Index: fromRow, Scale: 8}, ahead)
	LEAQ(Mem{Base: ahead, Index: fromRow, Scale: 8}, ahead)
	TESTQ(plus, plus)
	JNZ(LabelRef("sums"))
	loop := func(label string, move func(from, plus, to Register)) {
		repeat(label+"_row", rows, func() {
			PREFETCHT0(mem(ahead, 0))
			at, other, target := copyOf(from), copyOf(plus), copyOf(to)
			repeat(label+"_vector", a.load(unsafe.Offsetof(f.Vectors)), func() {
				move(at, other, target)
				for _, r := range []GPVirtual{at, other, target} {
					add(vecBytes, r)
				}
			})
			ADDQ(fromRow, from)
			ADDQ(fromRow, ahead)
			ADDQ(plusRow, plus)
			ADDQ(toRow, to)
		})
		end()
	}
	loop("plain", func(from, _, to Register) {
		v := YMM()
		VMOVUPS(mem(from, 0), v)
		VMOVUPS(v, mem(to, 0))
	})
	Label("sums")
	loop("sum", func(from, plus, to Register) {
		v := YMM()
		VMOVUPS(mem(from, 0), v)
		VADDPS(mem(plus, 0), v, v)
		VMOVUPS(v, mem(to, 0))
	})
}

// addUp emits the sum of groups of float64.
func addUp() {
	var f kernels.AddUp
	a := begin("addUp_avx2", "AddUp", "is AddUp with AVX.")
	from, to, group := a.load(unsafe.Offsetof(f.From)), a.load(unsafe.Offsetof(f.To)), a.load(unsafe.Offsetof(f.Group))
	repeat("eight", a.load(unsafe.Offsetof(f.Count)), func() {
		at, groups, sums := copyOf(from), a.load(unsafe.Offsetof(f.Groups)), ymms(2)
		for h, s := range sums {
			VMOVUPD(mem(at, h*vecBytes), s)
		}
		DECQ(groups)
		repeatMaybe("group", groups, func() {
			ADDQ(group, at)
			for h, s := range sums {
				VADDPD(mem(at, h*vecBytes), s, s)
			}
		})
		VMOVUPS(single(sums[0], sums[1]), mem(to, 0))
		add(2*vecBytes, from)
		add(vecBytes, to)
	})
	end()
}

// single returns a new register with eight float64 as float32.
func single(low, high VecVirtual) VecVirtual {
	l, h, v := XMM(), XMM(), YMM()
	VCVTPD2PSY(low, l)
	VCVTPD2PSY(high, h)
	VINSERTF128(Imm(1), h, l.AsY(), v)
	return v
}
