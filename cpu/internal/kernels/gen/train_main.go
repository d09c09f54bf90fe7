package main

import (
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/mmcloughlin/avo/build"
)

// training emits the kernels of training.
func training() {
	for vectors := 1; vectors <= 3; vectors++ {
		outer(vectors)
	}
	transpose8x8()
	copyRows()
	addUp()
	depthwiseGradWeight(1)
	depthwiseGradWeight(2)
	depthwiseGradInput()
	stemGradWeight()
	moments()
	for _, masked := range []bool{false, true} {
		gradSums(masked)
		normalizeGrad(masked)
	}
	normalize()
	clampElements()
	maskElements()
	blendElements()
	scaleElements()
	largest()
	sumSquares()
	momentum(false)
	momentum(true)
	optimizers()
}

// zeros returns n new registers that hold 0.
func zeros(n int) []VecVirtual {
	list := ymms(n)
	for _, r := range list {
		VXORPS(r, r, r)
	}
	return list
}

// flush adds eight float32 to eight float64 in memory.
func flush(v VecVirtual, at Mem) {
	low, high, upper := YMM(), YMM(), XMM()
	VEXTRACTF128(Imm(1), v, upper)
	VCVTPS2PD(v.AsX(), low)
	VCVTPS2PD(upper, high)
	addDoubles(low, at)
	addDoubles(high, at.Offset(vecBytes))
}

// addDoubles adds a register to four float64 in memory.
func addDoubles(v VecVirtual, at Mem) {
	VADDPD(at, v, v)
	VMOVUPD(v, at)
}

// broadcasts loads the numbers at some offsets into all lanes of new registers.
func (a arguments) broadcasts(offsets ...uintptr) []VecVirtual {
	list := ymms(len(offsets))
	for i, offset := range offsets {
		VBROADCASTSS(a.at(offset), list[i])
	}
	return list
}

// foursAndOnes repeats body for as many fours and ones as there are in the count at an offset. It is given how many.
func (a arguments) foursAndOnes(label string, count uintptr, body func(n int)) {
	fours, ones := a.load(count), a.load(count)
	SHRQ(Imm(2), fours)
	ANDQ(Imm(3), ones)
	repeatMaybe(label+"_fours", fours, func() { body(4) })
	repeatMaybe(label+"_ones", ones, func() { body(1) })
}
