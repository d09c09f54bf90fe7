package main

import (
	"fmt"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"mnv2/cpu/internal/kernels"
)

// dwTile is up to four neighbouring outputs of a row. cutLeft and cutRight say that the first output's left tap or the last
// output's right tap is outside of the picture and left out.
type dwTile struct {
	stride, outputs   int
	cutLeft, cutRight bool
}

// dw is what the tiles of a depthwise kernel share: nine weights and the bias in registers, pointers into three input rows.
type dw struct {
	a       arguments
	weights []VecVirtual
	bias    VecVirtual
	rows    []GPVirtual
	y       GPVirtual
	clamp   uintptr
}

// depthwise emits all rows of one channel block. A row is a tile of four at the left border, tiles of four, and a last one
// of one to four at the right border; narrow rows are one tile.
func depthwise(stride int) {
	var f kernels.Depthwise
	a := begin(fmt.Sprintf("depthwise_s%d_avx2", stride), "Depthwise", fmt.Sprintf("is Depthwise with stride %d, with AVX2 and FMA.", stride))
	k := dw{a: a, clamp: unsafe.Offsetof(f.Clamp)}
	k.loadWeights(a.load(unsafe.Offsetof(f.W)), a.load(unsafe.Offsetof(f.Bias)))
	x, zero := a.load(unsafe.Offsetof(f.X)), a.load(unsafe.Offsetof(f.Zero))
	table, rowY := a.load(unsafe.Offsetof(f.Rows)), a.load(unsafe.Offsetof(f.Y))
	edge := a.load(unsafe.Offsetof(f.Cols) + unsafe.Offsetof(f.Cols.Edge))
	repeat("row", a.load(unsafe.Offsetof(f.Count)), func() {
		k.inputRows(x, zero, table)
		k.y = copyOf(rowY)
		k.rowTiles(stride, edge, unsafe.Offsetof(f.Cols)+unsafe.Offsetof(f.Cols.Middle))
		ADDQ(a.at(unsafe.Offsetof(f.YRow)), rowY)
		add(3*8, table)
	})
	end()
}

func (k *dw) loadWeights(w, bias Register) {
	k.weights, k.bias = ymms(9), YMM()
	for i, r := range k.weights {
		VMOVUPS(mem(w, i*vecBytes), r)
	}
	VMOVUPS(mem(bias, 0), k.bias)
}

// inputRows points at the three input rows of the next output row: X plus the offset, or Zero if that is negative.
func (k *dw) inputRows(x, zero, table Register) {
	k.rows = nil
	for r := range 3 {
		row := GP64()
		MOVQ(mem(table, 8*r), row)
		offset := copyOf(row)
		ADDQ(x, row)
		TESTQ(offset, offset)
		CMOVQLT(zero, row)
		k.rows = append(k.rows, row)
	}
}

// rowTiles emits one row: the code of Columns.Edge chooses the last tile.
func (k *dw) rowTiles(stride int, edge Register, middle uintptr) {
	TESTQ(I32(4), edge)
	JNZ(LabelRef("edge"))
	k.tile(dwTile{stride: stride, outputs: 4, cutLeft: true})
	repeatMaybe("middle", k.a.load(middle), func() { k.tile(dwTile{stride: stride, outputs: 4}) })
	Label("edge")
	first := 0
	if stride == 1 {
		first = 8 // the right tap of the last output is always outside
	}
	k.chooseLast(stride, edge, first, 16)
	Label("next")
}

// chooseLast emits the last tiles for the codes from first to end, behind a tree of branches.
func (k *dw) chooseLast(stride int, edge Register, first, end int) {
	if first+1 == end {
		k.tile(dwTile{stride: stride, outputs: first&3 + 1, cutLeft: first&4 != 0, cutRight: first&8 != 0})
		JMP(LabelRef("next"))
		return
	}
	middle := (first + end) / 2
	upper := fmt.Sprintf("from%d", middle)
	CMPQ(edge, Imm(uint64(middle)))
	JCC(LabelRef(upper))
	k.chooseLast(stride, edge, first, middle)
	Label(upper)
	k.chooseLast(stride, edge, middle, end)
}

// tile emits one tile: every input pixel is loaded once and goes to all outputs that have a tap there.
func (k *dw) tile(t dwTile) {
	acc := ymms(t.outputs)
	for _, r := range acc {
		VMOVAPS(k.bias, r)
	}
	last := t.stride*(t.outputs-1) + 1
	for r := range 3 {
		for column := -1; column <= last; column++ {
			if column < 0 && t.cutLeft || column == last && t.cutRight {
				continue
			}
			x := YMM()
			VMOVUPS(mem(k.rows[r], column*vecBytes), x)
			for q := range acc {
				if tap := column - t.stride*q + 1; tap >= 0 && tap < 3 {
					VFMADD231PS(k.weights[3*r+tap], x, acc[q])
				}
			}
		}
	}
	k.a.clamp(k.clamp, acc)
	for q := range acc {
		VMOVUPS(acc[q], mem(k.y, q*vecBytes))
	}
	for _, row := range k.rows {
		add(t.stride*t.outputs*vecBytes, row)
	}
	add(t.outputs*vecBytes, k.y)
}
