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
func pointwise(s shape) {
	var f kernels.Pointwise
	split := split{unsafe.Offsetof(f.Rows) + unsafe.Offsetof(f.Rows.Full),
		unsafe.Offsetof(f.Rows) + unsafe.Offsetof(f.Rows.Less), unsafe.Offsetof(f.Rows) + unsafe.Offsetof(f.Rows.Tail)}
	a := begin("pointwise"+s.suffix(), "Pointwise", "is Pointwise with AVX2 and FMA.")
	x, block := a.load(unsafe.Offsetof(f.X)), a.load(unsafe.Offsetof(f.XBlock))
	out := output{a.load(unsafe.Offsetof(f.Y)), a.load(unsafe.Offsetof(f.YBlock))}
	residual := a.load(unsafe.Offsetof(f.Add))
	ahead := newAhead(a, unsafe.Offsetof(f.Ahead), unsafe.Offsetof(f.AheadBytes))
	split.emit(a, s, func(s shape, label string) {
		bias := a.load(unsafe.Offsetof(f.Bias))
		acc := s.accumulators(bias)
		ahead.chooseStep()
		px, pw := copyOf(x), a.load(unsafe.Offsetof(f.W))
		repeat(label+"_block", a.load(unsafe.Offsetof(f.Blocks)), func() {
			for k := range 8 {
				s.multiply(acc, mem(pw, k*s.rowBytes()), func(r int) Mem { return mem(px, r*vecBytes+4*k) })
			}
			ahead.fetch()
			ADDQ(block, px)
			add(8*s.rowBytes(), pw)
		})
		addResidual(out, residual, acc, label, s)
		out.store(a, unsafe.Offsetof(f.Clamp), acc)
		add(s.rows*vecBytes, x)
		add(s.rows*vecBytes, out.y)
	})
	end()
}

// addResidual adds the residual if there is one, and moves on in it.
func addResidual(out output, residual Register, acc [][]VecVirtual, label string, s shape) {
	none := label + "_noresidual"
	TESTQ(residual, residual)
	JZ(LabelRef(none))
	out.each(residual, acc, func(v VecVirtual, m Mem) { VADDPS(m, v, v) })
	add(s.rows*vecBytes, residual)
	Label(none)
}

// aheadLines is how many cache lines are fetched with every channel block. A block takes about 100 cycles at a tile of six
// rows, so this is some 10 GB/s, which memory can give besides.
const aheadLines = 4

// ahead fetches memory that will be read soon, while there is some left.
type ahead struct{ next, end, step GPVirtual }

func newAhead(a arguments, next, bytes uintptr) ahead {
	h := ahead{a.load(next), a.load(bytes), GP64()}
	ADDQ(h.next, h.end)
	return h
}

// chooseStep decides for the tile that follows. When there is nothing left it fetches the same lines again, which costs less
// than a branch.
func (h ahead) chooseStep() {
	left := GP64()
	XORQ(h.step, h.step)
	MOVQ(I32(aheadLines*64), left)
	CMPQ(h.next, h.end)
	CMOVQCS(left, h.step)
}

func (h ahead) fetch() {
	for i := range aheadLines {
		PREFETCHT1(mem(h.next, 64*i))
	}
	ADDQ(h.step, h.next)
}
