package main

import (
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"mnv2/cpu/internal/kernels"
)

// pointwise emits the matrix product of pixels and one panel of weights. The eight channels of a block are unrolled; the
// weights of a panel are read in order, once for each tile.
func pointwise(full tile) {
	var f kernels.Pointwise
	split := split{unsafe.Offsetof(f.Rows) + unsafe.Offsetof(f.Rows.Full),
		unsafe.Offsetof(f.Rows) + unsafe.Offsetof(f.Rows.Less), unsafe.Offsetof(f.Rows) + unsafe.Offsetof(f.Rows.Tail)}
	a := begin("pointwise"+full.name(), "Pointwise", "is Pointwise for a panel of as many columns.")
	x, block := a.load(unsafe.Offsetof(f.X)), a.load(unsafe.Offsetof(f.XBlock))
	_, columns := full.size()
	out := newOutput(a.load(unsafe.Offsetof(f.Y)), a.load(unsafe.Offsetof(f.YBlock)), columns)
	residual := a.load(unsafe.Offsetof(f.Add))
	ahead := newAhead(a, unsafe.Offsetof(f.Ahead), unsafe.Offsetof(f.AheadBytes))
	split.emit(a, full, func(t tile, label string) {
		rows, _ := t.size()
		acc := t.accumulators(a.load(unsafe.Offsetof(f.Bias)))
		ahead.chooseStep(aheadLines(t))
		px, pw := copyOf(x), a.load(unsafe.Offsetof(f.W))
		repeat(label+"_block", a.load(unsafe.Offsetof(f.Blocks)), func() {
			for k := range 8 {
				t.multiply(acc, mem(pw, k*rowBytes(t)), func(r int) Mem { return mem(px, r*vecBytes+4*k) })
			}
			ahead.fetch(aheadLines(t))
			ADDQ(block, px)
			add(8*rowBytes(t), pw)
		})
		addResidual(t, output{residual, out.block, out.triple}, acc, label)
		t.clampStore(acc, a, unsafe.Offsetof(f.Clamp), out)
		add(rows*vecBytes, x)
		add(rows*vecBytes, out.y)
	})
	end()
}

// addResidual adds the residual if there is one, and moves on in it.
func addResidual(t tile, residual output, acc [][]VecVirtual, label string) {
	rows, _ := t.size()
	none := label + "_noresidual"
	TESTQ(residual.y, residual.y)
	JZ(LabelRef(none))
	t.add(acc, residual)
	add(rows*vecBytes, residual.y)
	Label(none)
}

// aheadLines is how many cache lines a tile fetches with every channel block: four of six rows of sixteen columns, which take
// about 50 cycles. This is some 15 GB/s while there is something to fetch, which memory can give besides.
func aheadLines(t tile) int {
	rows, columns := t.size()
	return max(1, (4*rows*columns+95)/96)
}

// ahead fetches memory that will be read soon, while there is some left.
type ahead struct{ next, end, step GPVirtual }

func newAhead(a arguments, next, bytes uintptr) ahead {
	h := ahead{a.load(next), a.load(bytes), GP64()}
	ADDQ(h.next, h.end)
	return h
}

// chooseStep decides for the tile that follows. When there is nothing left it fetches the same lines again, which costs less
// than a branch.
func (h ahead) chooseStep(lines int) {
	left := GP64()
	XORQ(h.step, h.step)
	MOVQ(I32(int32(lines*64)), left)
	CMPQ(h.next, h.end)
	CMOVQCS(left, h.step)
}

func (h ahead) fetch(lines int) {
	for i := range lines {
		PREFETCHT1(mem(h.next, 64*i))
	}
	ADDQ(h.step, h.next)
}
