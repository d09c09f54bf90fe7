package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// wide is a tile in ZMM registers of AVX-512, each of sixteen columns. Of 24 columns the second register of a row has eight,
// twice: its upper half is never stored.
type wide struct{ rows, columns int }

func (s wide) size() (rows, columns int) { return s.rows, s.columns }
func (s wide) name() string              { return fmt.Sprintf("%dx%d_avx512", s.rows, s.columns) }
func (s wide) with(n int) tile           { return wide{rows: n, columns: s.columns} }

// registers is how many registers a row has.
func (s wide) registers() int { return (s.columns + 15) / 16 }

// half says that register v of a row has eight columns only.
func (s wide) half(v int) bool { return 16*v+8 == s.columns }

// load reads the columns of register v from a row of numbers.
func (s wide) load(row Mem, v int) VecVirtual {
	r := ZMM()
	if s.half(v) {
		VBROADCASTF32X8(row.Offset(64*v), r)
	} else {
		VMOVUPS(row.Offset(64*v), r)
	}
	return r
}

func (s wide) accumulators(bias Register) [][]VecVirtual {
	acc := make([][]VecVirtual, s.rows)
	for r := range acc {
		for v := range s.registers() {
			if r == 0 {
				acc[0] = append(acc[0], s.load(mem(bias, 0), v))
				continue
			}
			copied := ZMM()
			VMOVAPS(acc[0][v], copied)
			acc[r] = append(acc[r], copied)
		}
	}
	return acc
}

// multiply lets the multiply-add itself broadcast the value where it is used once.
func (s wide) multiply(acc [][]VecVirtual, weights Mem, value func(row int) Mem) {
	var w []VecVirtual
	for v := range s.registers() {
		w = append(w, s.load(weights, v))
	}
	for r := range acc {
		if len(w) == 1 {
			VFMADD231PS_BCST(value(r), w[0], acc[r][0])
			continue
		}
		x := ZMM()
		VBROADCASTSS(value(r), x)
		for v := range w {
			VFMADD231PS(w[v], x, acc[r][v])
		}
	}
}

func (s wide) add(acc [][]VecVirtual, from output) {
	for r := range acc {
		for v := range acc[r] {
			x := ZMM()
			VBROADCASTF32X8(from.at(r, 2*v), x) // both halves, since writing one would leave the other undefined
			if !s.half(v) {
				VINSERTF32X8(Imm(1), from.at(r, 2*v+1), x, x)
			}
			VADDPS(x, acc[r][v], acc[r][v])
		}
	}
}

// clampStore is as for [shape]: the value is the second source of MAX and MIN.
func (s wide) clampStore(acc [][]VecVirtual, a arguments, clamp uintptr, to output) {
	low, high := ZMM(), ZMM()
	VBROADCASTSS(a.at(clamp), low)
	VBROADCASTSS(a.at(clamp+4), high)
	for v := range acc[0] {
		for r := range acc {
			VMAXPS(acc[r][v], low, acc[r][v])
			VMINPS(acc[r][v], high, acc[r][v])
		}
	}
	for v := range acc[0] {
		for r := range acc {
			VMOVUPS(acc[r][v].AsY(), to.at(r, 2*v))
			if !s.half(v) {
				VEXTRACTF32X8(Imm(1), acc[r][v], to.at(r, 2*v+1))
			}
		}
	}
}

// fmaPeakWide is fmaPeak with half as many multiply-adds of twice the width.
func fmaPeakWide() {
	TEXT("fmaPeak_avx512", NOSPLIT, "func(n int)")
	Doc("fmaPeak_avx512 executes 24*n multiply-adds of sixteen floats each, n 1 or more.")
	n := Load(Param("n"), GP64())
	one := ZMM()
	VPXORD(one, one, one)
	var acc []VecVirtual
	for range 12 {
		r := ZMM()
		VPXORD(r, r, r)
		acc = append(acc, r)
	}
	repeat("again", n, func() {
		for range 2 {
			for _, r := range acc {
				VFMADD231PS(one, one, r)
			}
		}
	})
	VZEROUPPER()
	RET()
}
