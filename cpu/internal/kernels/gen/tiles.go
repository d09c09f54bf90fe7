package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// shape is the tile of a matrix product that stays in registers: rows are pixels, columns are output channels.
type shape struct{ rows, vectors int }

func (s shape) columns() int     { return 8 * s.vectors }
func (s shape) rowBytes() int    { return 4 * s.columns() } // of the weights
func (s shape) suffix() string   { return fmt.Sprintf("%dx%d_avx2", s.rows, s.columns()) }
func (s shape) with(n int) shape { return shape{rows: n, vectors: s.vectors} }

// accumulators returns the registers of the tile, row by row, loaded with the bias.
func (s shape) accumulators(bias Register) [][]VecVirtual {
	acc := make([][]VecVirtual, s.rows)
	for r := range acc {
		acc[r] = ymms(s.vectors)
		for v := range acc[r] {
			if r == 0 {
				VMOVUPS(mem(bias, v*vecBytes), acc[0][v])
			} else {
				VMOVAPS(acc[0][v], acc[r][v])
			}
		}
	}
	return acc
}

// multiply adds one row of weights times one value of each tile row: acc[r] += value(r) * weights.
func (s shape) multiply(acc [][]VecVirtual, weights Mem, value func(row int) Mem) {
	w := ymms(s.vectors)
	for v := range w {
		VMOVUPS(weights.Offset(v*vecBytes), w[v])
	}
	for r := range acc {
		x := YMM()
		VBROADCASTSS(value(r), x)
		for v := range w {
			VFMADD231PS(w[v], x, acc[r][v])
		}
	}
}

// output is where the tiles go: y and the channel blocks beside it.
type output struct{ y, block Register }

// each calls f with the memory of every vector of a tile. It needs a register for the third channel block.
func (o output) each(base Register, acc [][]VecVirtual, f func(v VecVirtual, m Mem)) {
	for v := range acc[0] {
		at := Mem{Base: base}
		if v == 1 {
			at.Index, at.Scale = o.block, 1
		} else if v == 2 {
			at.Index, at.Scale = o.block, 2
		}
		for r := range acc {
			f(acc[r][v], at.Offset(r*vecBytes))
		}
	}
}

// store clamps a tile and writes it.
func (o output) store(a arguments, clamp uintptr, acc [][]VecVirtual) {
	for _, row := range transpose(acc) {
		a.clamp(clamp, row)
	}
	o.each(o.y, acc, func(v VecVirtual, m Mem) { VMOVUPS(v, m) })
}

func transpose(acc [][]VecVirtual) [][]VecVirtual {
	columns := make([][]VecVirtual, len(acc[0]))
	for _, row := range acc {
		for v := range row {
			columns[v] = append(columns[v], row[v])
		}
	}
	return columns
}

// split emits the tiles that a kernels.Split at the given offset of the arguments asks for.
type split struct{ full, less, tail uintptr }

func (n split) emit(a arguments, s shape, tile func(s shape, label string)) {
	repeatMaybe("full", a.load(n.full), func() { tile(s, "full") })
	repeatMaybe("less", a.load(n.less), func() { tile(s.with(s.rows-1), "less") })
	tail := a.load(n.tail)
	for r := s.rows - 2; r >= 1; r-- {
		label := fmt.Sprintf("tail%d", r)
		CMPQ(tail, Imm(uint64(r)))
		JNE(LabelRef(label + "_none"))
		tile(s.with(r), label)
		Label(label + "_none")
	}
}
