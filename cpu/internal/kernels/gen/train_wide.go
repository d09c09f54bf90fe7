package main

import (
	"fmt"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"mnv2/cpu/internal/kernels"
)

// trainingWide emits the kernels of training with AVX-512 that differ from those with AVX2.
func trainingWide() {
	for vectors := 1; vectors <= 6; vectors++ {
		outerWide(vectors)
	}
	momentsWide()
	for _, masked := range []bool{false, true} {
		gradSumsWide(masked)
		normalizeGradWide(masked)
	}
	normalizeWide()
}

// outerWide is outer with AVX-512. Two channel blocks share a register, of which the second is inserted from memory; an odd
// last block has half a register.
func outerWide(vectors int) {
	var f kernels.Outer
	a := begin(fmt.Sprintf("outer8x%d_avx512", 8*vectors), "Outer", "is Outer with AVX-512.")
	block, dyPixel, xPixel := a.load(unsafe.Offsetof(f.XBlock)), a.load(unsafe.Offsetof(f.DYPixel)), a.load(unsafe.Offsetof(f.XPixel))
	acc := make([][]VecVirtual, 8)
	for k := range acc {
		acc[k] = wideVectors(vectors)
		for _, r := range acc[k] {
			VXORPS(r, r, r)
		}
	}
	dyImage, xImage, far := a.load(unsafe.Offsetof(f.DY)), a.load(unsafe.Offsetof(f.X)), GP64()
	LEAQ(Mem{Base: block, Index: block, Scale: 2}, far) // three blocks
	repeat("image", a.load(unsafe.Offsetof(f.Images)), func() {
		dy, x, beyond := copyOf(dyImage), copyOf(xImage), GP64()
		LEAQ(Mem{Base: xImage, Index: far, Scale: 1}, beyond)
		repeat("pixel", a.load(unsafe.Offsetof(f.Pixels)), func() {
			w := loadWide(vectors, block, x, beyond)
			for k, row := range acc {
				value := ZMM()
				VBROADCASTSS(mem(dy, 4*k), value)
				for v, r := range row {
					VFMADD231PS(w[v], sized(value, r), r)
				}
			}
			ADDQ(dyPixel, dy)
			ADDQ(xPixel, x)
			ADDQ(xPixel, beyond)
		})
		ADDQ(a.at(unsafe.Offsetof(f.DYImage)), dyImage)
		ADDQ(a.at(unsafe.Offsetof(f.XImage)), xImage)
	})
	to, toRow := a.load(unsafe.Offsetof(f.To)), a.load(unsafe.Offsetof(f.ToRow))
	TESTQ(to, to)
	JNZ(LabelRef("store"))
	sum, sumRow := a.load(unsafe.Offsetof(f.Sum)), a.load(unsafe.Offsetof(f.SumRow))
	for _, row := range acc {
		for v, r := range row {
			flushWide(r, mem(sum, 4*v*vecBytes))
		}
		ADDQ(sumRow, sum)
	}
	end()
	Label("store")
	for _, row := range acc {
		for v, r := range row {
			VMOVUPS(r, mem(to, 2*v*vecBytes))
		}
		ADDQ(toRow, to)
	}
	end()
}

// wideVectors returns registers for so many channel blocks, two in each.
func wideVectors(blocks int) []VecVirtual {
	var list []VecVirtual
	for range blocks / 2 {
		list = append(list, ZMM())
	}
	if blocks%2 == 1 {
		list = append(list, YMM())
	}
	return list
}

// sized is v as wide as r.
func sized(v, r VecVirtual) Op {
	if r.Size() == 64 {
		return v
	}
	return v.AsY()
}

// loadWide loads one pixel of so many channel blocks: the first three from x on, the others from beyond on.
func loadWide(vectors int, block, x, beyond Register) []VecVirtual {
	at := func(b int) Mem {
		m := Mem{Base: x}
		if b >= 3 {
			m.Base, b = beyond, b-3
		}
		if b > 0 {
			m.Index, m.Scale = block, uint8(b)
		}
		return m
	}
	w := wideVectors(vectors)
	for v, r := range w {
		if r.Size() == 32 {
			VMOVUPS(at(2*v), r)
			continue
		}
		low := ZMM()
		VMOVUPS(at(2*v), low.AsY())
		VINSERTF32X8(Imm(1), at(2*v+1), low, r)
	}
	return w
}

// flushWide is flush for a register of any width.
func flushWide(v VecVirtual, at Mem) {
	low := ZMM()
	VCVTPS2PD(v.AsY(), low)
	addDoubles(low, at)
	if v.Size() == 32 {
		return
	}
	upper, high := YMM(), ZMM()
	VEXTRACTF32X8(Imm(1), v, upper)
	VCVTPS2PD(upper, high)
	addDoubles(high, at.Offset(2*vecBytes))
}
