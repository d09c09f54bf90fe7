package main

import (
	"fmt"
	"unsafe"

	"mnv2/cpu/internal/kernels"
)

// dwTile is up to four neighbouring outputs of a row. cutLeft and cutRight say that the first output's left tap or the last output's
// right tap is outside of the picture and left out.
type dwTile struct {
	outputs           int
	cutLeft, cutRight bool
}

// dw is what the tiles of a depthwise kernel share. Weights are in V0 to V17, outputs in V18 to V25, a pixel in V26 and V27, the clamp in V28
// and V29. rows point a pixel to the left of the tile's first one, so that offsets are not negative.
type dw struct {
	*assembler
	stride  int
	rows    [3]gp
	y, bias gp
	next    string
}

func (k *dw) acc(output, half int) vec { return vec(18 + 2*output + half) }

const dwPixel, dwLow, dwHigh vec = 26, 28, 29

// depthwise emits all rows of one channel block. A row is a tile of four at the left border, tiles of four, and a last one of one to
// four at the right border; narrow rows are one tile.
func depthwise(a *assembler, stride int) {
	var f kernels.Depthwise
	a.begin(fmt.Sprintf("depthwise_s%d_neon", stride), "Depthwise", fmt.Sprintf("is Depthwise with stride %d.", stride))
	const x, zero, table, rowY, edge, count, middle, step, w = gp(1), gp(2), gp(3), gp(4), gp(5), gp(6), gp(7), gp(8), gp(9)
	k := &dw{assembler: a, stride: stride, rows: [3]gp{10, 11, 12}, y: 13, bias: 14}
	a.field(unsafe.Offsetof(f.W), w)
	for i := range 18 {
		a.load(w, 16*i, vec(i))
	}
	a.broadcast(arguments, unsafe.Offsetof(f.Clamp)+unsafe.Offsetof(f.Clamp.Low), dwLow)
	a.broadcast(arguments, unsafe.Offsetof(f.Clamp)+unsafe.Offsetof(f.Clamp.High), dwHigh)
	a.field(unsafe.Offsetof(f.X), x)
	a.field(unsafe.Offsetof(f.Zero), zero)
	a.field(unsafe.Offsetof(f.Rows), table)
	a.field(unsafe.Offsetof(f.Y), rowY)
	a.field(unsafe.Offsetof(f.YRow), step)
	a.field(unsafe.Offsetof(f.Bias), k.bias)
	a.field(unsafe.Offsetof(f.Cols)+unsafe.Offsetof(f.Cols.Edge), edge)
	a.field(unsafe.Offsetof(f.Count), count)
	a.repeat(count, func() {
		for r, row := range k.rows {
			a.op("MOVD %d(%v), %v", 8*r, table, w)
			a.op("ADD %v, %v, %v", x, w, row)
			a.op("CMP $0, %v", w)
			a.op("CSEL LT, %v, %v, %v", zero, row, row)
			a.op("SUB $%d, %v", vecBytes, row)
		}
		a.op("MOVD %v, %v", rowY, k.y)
		a.field(unsafe.Offsetof(f.Cols)+unsafe.Offsetof(f.Cols.Middle), middle)
		k.row(edge, middle)
		a.op("ADD %v, %v", step, rowY)
		a.add(3*8, table)
	})
	a.end()
}

// row emits one row: the code of Columns.Edge chooses the last tile.
func (k *dw) row(edge, middle gp) {
	last := k.newLabel("last")
	k.op("TBNZ $2, %v, %s", edge, last)
	k.tile(dwTile{outputs: 4, cutLeft: true})
	k.repeatMaybe(middle, func() { k.tile(dwTile{outputs: 4}) })
	k.label(last)
	k.next = k.newLabel("next")
	first := 0
	if k.stride == 1 {
		first = 8 // the right tap of the last output is always outside
	}
	k.chooseLast(edge, first, 16)
	k.label(k.next)
}

// chooseLast emits the last tiles for the codes from first to end, behind a tree of branches.
func (k *dw) chooseLast(edge gp, first, end int) {
	if first+1 == end {
		k.tile(dwTile{outputs: first&3 + 1, cutLeft: first&4 != 0, cutRight: first&8 != 0})
		k.op("B %s", k.next)
		return
	}
	middle := (first + end) / 2
	upper := k.newLabel("upper")
	k.op("CMP $%d, %v", middle, edge)
	k.op("BHS %s", upper)
	k.chooseLast(edge, first, middle)
	k.label(upper)
	k.chooseLast(edge, middle, end)
}

// tile emits one tile: every input pixel is loaded once and goes to all outputs that have a tap there.
func (k *dw) tile(t dwTile) {
	for half := range 2 {
		k.load(k.bias, 16*half, k.acc(0, half))
		for q := 1; q < t.outputs; q++ {
			k.copyTo(k.acc(0, half), k.acc(q, half))
		}
	}
	last := k.stride*(t.outputs-1) + 1
	for r := range 3 {
		for column := -1; column <= last; column++ {
			if column < 0 && t.cutLeft || column == last && t.cutRight {
				continue
			}
			for half := range 2 {
				k.load(k.rows[r], (column+1)*vecBytes+16*half, dwPixel+vec(half))
			}
			for q := range t.outputs {
				if tap := column - k.stride*q + 1; tap >= 0 && tap < 3 {
					for half := range 2 {
						k.fma(k.acc(q, half), vec(2*(3*r+tap)+half), dwPixel+vec(half))
					}
				}
			}
		}
	}
	for q := range t.outputs {
		for half := range 2 {
			k.clamp(k.acc(q, half), dwLow, dwHigh)
			k.store(k.acc(q, half), k.y, q*vecBytes+16*half)
		}
	}
	for _, row := range k.rows {
		k.add(k.stride*t.outputs*vecBytes, row)
	}
	k.add(t.outputs*vecBytes, k.y)
}
