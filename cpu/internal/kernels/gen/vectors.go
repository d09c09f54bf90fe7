package main

import (
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"mnv2/cpu/internal/kernels"
)

// matVec emits the dense layer of one picture. Eight accumulators hide the latency; every weight passes by once, so this
// runs at the speed of the cache that has them.
func matVec() {
	var f kernels.MatVec
	a := begin("matvec64_avx2", "MatVec", "is MatVec with AVX2 and FMA.")
	w, y, x := a.load(unsafe.Offsetof(f.W)), a.load(unsafe.Offsetof(f.Y)), GP64()
	repeat("group", a.load(unsafe.Offsetof(f.Groups)), func() {
		acc := ymms(kernels.MatVecColumns / 8)
		for v, r := range acc {
			VMOVUPS(mem(y, v*vecBytes), r)
		}
		MOVQ(a.at(unsafe.Offsetof(f.X)), x)
		count := a.load(unsafe.Offsetof(f.K))
		SHRQ(Imm(2), count)
		repeat("k", count, func() {
			for k := range 4 {
				value := YMM()
				VBROADCASTSS(mem(x, 4*k), value)
				for v, r := range acc {
					VFMADD231PS(mem(w, (k*len(acc)+v)*vecBytes), value, r)
				}
			}
			add(4*4, x)
			add(4*len(acc)*vecBytes, w)
		})
		for v, r := range acc {
			VMOVUPS(r, mem(y, v*vecBytes))
		}
		add(len(acc)*vecBytes, y)
	})
	end()
}

// mean emits the sum of pixels in four accumulators, times the scale.
func mean() {
	var f kernels.Mean
	a := begin("mean_avx2", "Mean", "is Mean with AVX.")
	x, acc := a.load(unsafe.Offsetof(f.X)), ymms(4)
	for _, r := range acc {
		VXORPS(r, r, r)
	}
	fours, rest := a.load(unsafe.Offsetof(f.Count)), a.load(unsafe.Offsetof(f.Count))
	SHRQ(Imm(2), fours)
	ANDQ(Imm(3), rest)
	repeatMaybe("fours", fours, func() {
		for i, r := range acc {
			VADDPS(mem(x, i*vecBytes), r, r)
		}
		add(4*vecBytes, x)
	})
	repeatMaybe("ones", rest, func() {
		VADDPS(mem(x, 0), acc[0], acc[0])
		add(vecBytes, x)
	})
	VADDPS(acc[1], acc[0], acc[0])
	VADDPS(acc[3], acc[2], acc[2])
	VADDPS(acc[2], acc[0], acc[0])
	scale := YMM()
	VBROADCASTSS(a.at(unsafe.Offsetof(f.Scale)), scale)
	VMULPS(scale, acc[0], acc[0])
	VMOVUPS(acc[0], mem(a.load(unsafe.Offsetof(f.Y)), 0))
	end()
}

// accumulate emits the sum of two lists of pixels in place, four at a time.
func accumulate() {
	var f kernels.Accumulate
	a := begin("accumulate_avx2", "Accumulate", "is Accumulate with AVX.")
	x, y := a.load(unsafe.Offsetof(f.X)), a.load(unsafe.Offsetof(f.Y))
	pixels := func(n int) {
		for i, r := range ymms(n) {
			VMOVUPS(mem(x, i*vecBytes), r)
			VADDPS(mem(y, i*vecBytes), r, r)
			VMOVUPS(r, mem(y, i*vecBytes))
		}
		add(n*vecBytes, x)
		add(n*vecBytes, y)
	}
	fours, rest := a.load(unsafe.Offsetof(f.Count)), a.load(unsafe.Offsetof(f.Count))
	SHRQ(Imm(2), fours)
	ANDQ(Imm(3), rest)
	repeatMaybe("fours", fours, func() { pixels(4) })
	repeatMaybe("ones", rest, func() { pixels(1) })
	end()
}

// pixels emits the conversion of bytes. It divides, as the definition does, so that the bits are those of plain Go.
func pixels() {
	var f kernels.Pixels
	a := begin("pixels_avx2", "Pixels", "is Pixels with AVX2.")
	x, y, channels := a.load(unsafe.Offsetof(f.X)), a.load(unsafe.Offsetof(f.Y)), a.load(unsafe.Offsetof(f.Channels))
	std, shift, mask := YMM(), YMM(), YMM()
	VMOVUPS(a.at(unsafe.Offsetof(f.Std)), std)
	VMOVUPS(a.at(unsafe.Offsetof(f.Shift)), shift)
	VMOVUPS(a.at(unsafe.Offsetof(f.Mask)), mask)
	some := func(n int) {
		for i := range n {
			v := YMM()
			VPMOVZXBD(mem(x, 0), v)
			ADDQ(channels, x)
			VCVTDQ2PS(v, v)
			VDIVPS(std, v, v)
			VSUBPS(shift, v, v)
			VANDPS(mask, v, v)
			VMOVUPS(v, mem(y, i*vecBytes))
		}
		add(n*vecBytes, y)
	}
	fours, rest := a.load(unsafe.Offsetof(f.Count)), a.load(unsafe.Offsetof(f.Count))
	SHRQ(Imm(2), fours)
	ANDQ(Imm(3), rest)
	repeatMaybe("fours", fours, func() { some(4) })
	repeatMaybe("ones", rest, func() { some(1) })
	end()
}

// pause emits the hint that a processor wants in a loop that waits.
func pause() {
	TEXT("pause", NOSPLIT, "func(n int)")
	Doc("pause executes PAUSE n times, 1 or more.")
	n := Load(Param("n"), GP64())
	repeat("again", n, func() { PAUSE() })
	RET()
}

// fmaPeak emits multiply-adds in twelve independent chains, which need no memory.
func fmaPeak() {
	TEXT("fmaPeak_avx2", NOSPLIT, "func(n int)")
	Doc("fmaPeak_avx2 executes 48*n multiply-adds of eight floats each, n 1 or more.")
	n := Load(Param("n"), GP64())
	acc, one := ymms(12), YMM()
	VXORPS(one, one, one)
	for _, r := range acc {
		VXORPS(r, r, r)
	}
	repeat("again", n, func() {
		for range 4 {
			for _, r := range acc {
				VFMADD231PS(one, one, r)
			}
		}
	})
	VZEROUPPER()
	RET()
}
