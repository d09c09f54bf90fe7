package main

import (
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"mnv2/cpu/internal/kernels"
)

// largest emits the largest magnitude. Without their signs, bits are positive integers.
func largest() {
	var f kernels.Largest
	a := begin("largest_avx2", "Largest", "is Largest with AVX2.")
	x, magnitude, acc := a.load(unsafe.Offsetof(f.X)), YMM(), zeros(4)
	VPCMPEQD(magnitude, magnitude, magnitude)
	VPSRLD(Imm(1), magnitude, magnitude)
	a.foursAndOnes("eight", unsafe.Offsetof(f.Count), func(count int) {
		for i := range count {
			v := YMM()
			VPAND(mem(x, i*vecBytes), magnitude, v)
			VPMAXSD(v, acc[i], acc[i])
		}
		add(count*vecBytes, x)
	})
	VPMAXSD(acc[1], acc[0], acc[0])
	VPMAXSD(acc[3], acc[2], acc[2])
	VPMAXSD(acc[2], acc[0], acc[0])
	VMOVDQU(acc[0], mem(a.load(unsafe.Offsetof(f.Bits)), 0))
	end()
}

// sumSquares emits the sum of squares. Its two chains of additions keep up with memory.
func sumSquares() {
	var f kernels.SumSquares
	a := begin("sumSquares_avx2", "SumSquares", "is SumSquares with AVX2 and FMA.")
	x, sums, acc := a.load(unsafe.Offsetof(f.X)), a.load(unsafe.Offsetof(f.Sums)), ymms(2)
	for h, r := range acc {
		VMOVUPD(mem(sums, h*vecBytes), r)
	}
	a.foursAndOnes("eight", unsafe.Offsetof(f.Count), func(count int) {
		for i := range count {
			for h, r := range acc {
				v := YMM()
				VCVTPS2PD(mem(x, i*vecBytes+16*h), v)
				VFMADD231PD(v, v, r)
			}
		}
		add(count*vecBytes, x)
	})
	for h, r := range acc {
		VMOVUPD(r, mem(sums, h*vecBytes))
	}
	end()
}
