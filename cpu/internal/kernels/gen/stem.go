package main

import (
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"mnv2/cpu/internal/kernels"
)

// stem emits a row of the first convolution. It broadcasts the channels of the picture's pixels where they lie; the first
// and, for odd widths, the last output leave out the tap that is outside of the picture.
func stem(full tile) {
	var f kernels.Stem
	split := split{unsafe.Offsetof(f.Rows) + unsafe.Offsetof(f.Rows.Full),
		unsafe.Offsetof(f.Rows) + unsafe.Offsetof(f.Rows.Less), unsafe.Offsetof(f.Rows) + unsafe.Offsetof(f.Rows.Tail)}
	a := begin("stem"+full.name(), "Stem", "is Stem for a panel of as many columns.")
	_, columns := full.size()
	out := newOutput(a.load(unsafe.Offsetof(f.Y)), a.load(unsafe.Offsetof(f.YBlock)), columns)
	column := GP64() // byte offset of the left tap of the tile's first output
	MOVQ(I32(-vecBytes), column)
	emit := func(t tile, label string, firstTap, lastTap int) {
		rows, _ := t.size()
		acc := t.accumulators(a.load(unsafe.Offsetof(f.Bias)))
		row, pw := GP64(), a.load(unsafe.Offsetof(f.W))
		XORQ(row, row)
		Label(label + "_row")
		px := GP64()
		MOVQ(Mem{Base: a.Register, Index: row, Scale: 8, Disp: int(unsafe.Offsetof(f.X))}, px)
		ADDQ(column, px)
		soon := a.load(unsafe.Offsetof(f.Ahead))
		for r := range rows {
			PREFETCHT1(Mem{Base: px, Index: soon, Scale: 1, Disp: 2 * r * vecBytes})
		}
		repeat(label+"_channel", a.load(unsafe.Offsetof(f.Channels)), func() {
			for tap := firstTap; tap <= lastTap; tap++ {
				t.multiply(acc, mem(pw, tap*rowBytes(t)), func(r int) Mem { return mem(px, (2*r+tap)*vecBytes) })
			}
			add(4, px)
			add(3*rowBytes(t), pw)
		})
		INCQ(row)
		CMPQ(row, Imm(3))
		JNE(LabelRef(label + "_row"))
		t.clampStore(acc, a, unsafe.Offsetof(f.Clamp), out)
		add(2*rows*vecBytes, column)
		add(rows*vecBytes, out.y)
	}
	emit(full.with(1), "first", 1, 2)
	split.emit(a, full, func(t tile, label string) { emit(t, label, 0, 2) })
	CMPQ(a.at(unsafe.Offsetof(f.Odd)), Imm(0))
	JE(LabelRef("even"))
	emit(full.with(1), "last", 0, 1)
	Label("even")
	end()
}
