package kernels

import (
	"math"
	"unsafe"
)

func largest(a *Largest) {
	bits := unsafe.Slice(a.Bits, Lanes)
	clear(bits)
	x := numbers(a.X, a.Count)
	for ; len(x) > 0; x = x[Lanes:] {
		for l, v := range x[:Lanes] {
			bits[l] = max(bits[l], math.Float32bits(v)&math.MaxInt32)
		}
	}
}

func sumSquares(a *SumSquares) {
	sums := unsafe.Slice(a.Sums, Lanes)
	x := numbers(a.X, a.Count)
	for ; len(x) > 0; x = x[Lanes:] {
		for l, v := range x[:Lanes] {
			sums[l] += float64(v) * float64(v)
		}
	}
}
