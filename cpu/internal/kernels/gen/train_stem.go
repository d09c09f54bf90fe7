package main

import (
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"mnv2/cpu/internal/kernels"
)

// stemGradWeight emits nine sums, of three channels and three taps, for eight output channels.
func stemGradWeight() {
	var f kernels.StemGradWeight
	a := begin("stemGradWeight_avx2", "StemGradWeight", "is StemGradWeight with AVX2 and FMA.")
	taps := unsafe.Offsetof(f.Taps)
	acc := zeros(9)
	row, dy := a.load(unsafe.Offsetof(f.X)), a.load(unsafe.Offsetof(f.DY))
	repeat("row", a.load(unsafe.Offsetof(f.Count)), func() {
		x := copyOf(row)
		CMPQ(a.at(taps+unsafe.Offsetof(f.Taps.Only)), Imm(0))
		JNE(LabelRef("only"))
		stemTaps(acc, dy, x, 1, 2, 1)
		repeatMaybe("middle", a.load(taps+unsafe.Offsetof(f.Taps.Middle)), func() { stemTaps(acc, dy, x, 0, 2, 2) })
		CMPQ(a.at(taps+unsafe.Offsetof(f.Taps.Last)), Imm(0))
		JE(LabelRef("next"))
		stemTaps(acc, dy, x, 0, 1, 0)
		JMP(LabelRef("next"))
		Label("only")
		stemTaps(acc, dy, x, 1, 1, 0)
		Label("next")
		ADDQ(a.at(unsafe.Offsetof(f.XRow)), row)
	})
	sum := a.load(unsafe.Offsetof(f.Sum))
	for i, r := range acc {
		flush(r, mem(sum, 2*i*vecBytes))
	}
	end()
}

// stemTaps is gradTaps for one row of pixels, whose channels are broadcast.
func stemTaps(acc []VecVirtual, dy, x Register, first, last, step int) {
	d := YMM()
	VMOVUPS(mem(dy, 0), d)
	add(vecBytes, dy)
	for s := first; s <= last; s++ {
		for c := range 3 {
			v := YMM()
			VBROADCASTSS(mem(x, (s-first)*vecBytes+4*c), v)
			VFMADD231PS(v, d, acc[3*c+s])
		}
	}
	if step > 0 {
		add(step*vecBytes, x)
	}
}
