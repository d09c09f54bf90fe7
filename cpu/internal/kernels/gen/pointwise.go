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
	split.emit(a, s, func(s shape, label string) {
		bias := a.load(unsafe.Offsetof(f.Bias))
		acc := s.accumulators(bias)
		px, pw := copyOf(x), a.load(unsafe.Offsetof(f.W))
		repeat(label+"_block", a.load(unsafe.Offsetof(f.Blocks)), func() {
			for k := range 8 {
				s.multiply(acc, mem(pw, k*s.rowBytes()), func(r int) Mem { return mem(px, r*vecBytes+4*k) })
			}
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
