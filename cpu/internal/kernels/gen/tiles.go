package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tile is the part of a matrix product that stays in registers: rows are pixels, columns are output channels.
type tile interface {
	size() (rows, columns int)
	name() string
	with(rows int) tile
	accumulators(bias Register) [][]VecVirtual                         // loaded with the bias
	multiply(acc [][]VecVirtual, weights Mem, value func(row int) Mem) // acc[r] += value(r) * weights
	add(acc [][]VecVirtual, from output)                               // acc += what lies there
	clampStore(acc [][]VecVirtual, a arguments, clamp uintptr, to output)
}

// rowBytes is the size of one row of the weights of a tile.
func rowBytes(t tile) int {
	_, columns := t.size()
	return 4 * columns
}

// shape is a tile in YMM registers.
type shape struct{ rows, vectors int }

func (s shape) size() (rows, columns int) { return s.rows, 8 * s.vectors }
func (s shape) name() string              { return fmt.Sprintf("%dx%d_avx2", s.rows, 8*s.vectors) }
func (s shape) with(n int) tile           { return shape{rows: n, vectors: s.vectors} }

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

// output is where tiles go: the first pixel, and how far it is to the next channel block.
type output struct{ y, block, triple Register }

// newOutput is the output at y for tiles of some columns, which have up to four channel blocks.
func newOutput(y, block Register, columns int) output {
	o := output{y: y, block: block}
	if columns > 3*8 {
		triple := GP64()
		LEAQ(Mem{Base: block, Index: block, Scale: 2}, triple)
		o.triple = triple
	}
	return o
}

// at is the memory of a row in one of the channel blocks.
func (o output) at(row, block int) Mem {
	m := mem(o.y, row*vecBytes)
	switch block {
	case 1, 2:
		m.Index, m.Scale = o.block, uint8(block)
	case 3:
		m.Index, m.Scale = o.triple, 1
	}
	return m
}

func (s shape) add(acc [][]VecVirtual, from output) {
	for v := range s.vectors {
		for r := range acc {
			VADDPS(from.at(r, v), acc[r][v], acc[r][v])
		}
	}
}

func (s shape) clampStore(acc [][]VecVirtual, a arguments, clamp uintptr, to output) {
	for _, column := range transpose(acc) {
		a.clamp(clamp, column)
	}
	for v := range s.vectors {
		for r := range acc {
			VMOVUPS(acc[r][v], to.at(r, v))
		}
	}
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

func (n split) emit(a arguments, full tile, emit func(t tile, label string)) {
	rows, _ := full.size()
	repeatMaybe("full", a.load(n.full), func() { emit(full, "full") })
	repeatMaybe("less", a.load(n.less), func() { emit(full.with(rows-1), "less") })
	tail := a.load(n.tail)
	for r := rows - 2; r >= 1; r-- {
		label := fmt.Sprintf("tail%d", r)
		CMPQ(tail, Imm(uint64(r)))
		JNE(LabelRef(label + "_none"))
		emit(full.with(r), label)
		Label(label + "_none")
	}
}
