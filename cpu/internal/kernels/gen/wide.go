package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// wide is a tile of sixteen columns, which are one ZMM register of AVX-512.
type wide struct{ rows int }

func (s wide) size() (rows, columns int) { return s.rows, 16 }
func (s wide) name() string              { return fmt.Sprintf("%dx16_avx512", s.rows) }
func (s wide) with(n int) tile           { return wide{rows: n} }

func (s wide) accumulators(bias Register) [][]VecVirtual {
	acc := make([][]VecVirtual, s.rows)
	for r := range acc {
		acc[r] = []VecVirtual{ZMM()}
		if r == 0 {
			VMOVUPS(mem(bias, 0), acc[0][0])
		} else {
			VMOVAPS(acc[0][0], acc[r][0])
		}
	}
	return acc
}

// multiply lets the multiply-add itself broadcast the value.
func (s wide) multiply(acc [][]VecVirtual, weights Mem, value func(row int) Mem) {
	w := ZMM()
	VMOVUPS(weights, w)
	for r := range acc {
		VFMADD231PS_BCST(value(r), w, acc[r][0])
	}
}

func (s wide) add(acc [][]VecVirtual, from output) {
	for r := range acc {
		x := ZMM()
		VBROADCASTF32X8(from.at(r, 0), x) // both halves, since writing one would leave the other undefined
		VINSERTF32X8(Imm(1), from.at(r, 1), x, x)
		VADDPS(x, acc[r][0], acc[r][0])
	}
}

// clampStore is as for [shape]: the value is the second source of MAX and MIN.
func (s wide) clampStore(acc [][]VecVirtual, a arguments, clamp uintptr, to output) {
	low, high := ZMM(), ZMM()
	VBROADCASTSS(a.at(clamp), low)
	VBROADCASTSS(a.at(clamp+4), high)
	for r := range acc {
		VMAXPS(acc[r][0], low, acc[r][0])
		VMINPS(acc[r][0], high, acc[r][0])
	}
	for r := range acc {
		VMOVUPS(acc[r][0].AsY(), to.at(r, 0))
		VEXTRACTF32X8(Imm(1), acc[r][0], to.at(r, 1))
	}
}
