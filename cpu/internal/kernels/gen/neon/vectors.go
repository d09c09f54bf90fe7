package main

import (
	"unsafe"

	"mnv2/cpu/internal/kernels"
)

// matVec emits the dense layer of one picture, in sixteen accumulators.
func matVec(a *assembler) {
	var f kernels.MatVec
	const columns, value, weight = kernels.MatVecColumns / 4, vec(16), vec(17)
	const w, y, x, groups, count = gp(1), gp(2), gp(3), gp(4), gp(5)
	a.begin("matvec64_neon", "MatVec", "is MatVec.")
	a.field(unsafe.Offsetof(f.W), w)
	a.field(unsafe.Offsetof(f.Y), y)
	a.field(unsafe.Offsetof(f.Groups), groups)
	a.repeat(groups, func() {
		for c := range columns {
			a.load(y, 16*c, vec(c))
		}
		a.field(unsafe.Offsetof(f.X), x)
		a.field(unsafe.Offsetof(f.K), count)
		a.op("LSR $2, %v", count)
		a.repeat(count, func() {
			a.load(x, 0, value)
			for lane := range 4 {
				for c := range columns {
					next := weight + vec(c%8)
					a.load(w, 16*(lane*columns+c), next)
					a.fmaBy(vec(c), next, value, lane)
				}
			}
			a.add(16, x)
			a.add(4*4*kernels.MatVecColumns, w)
		})
		for c := range columns {
			a.store(vec(c), y, 16*c)
		}
		a.add(4*kernels.MatVecColumns, y)
	})
	a.end()
}

// mean emits the sum of pixels, in four pairs of accumulators, times the scale.
func mean(a *assembler) {
	var f kernels.Mean
	const x, fours, rest, y = gp(1), gp(2), gp(3), gp(4)
	a.begin("mean_neon", "Mean", "is Mean.")
	for i := range 8 {
		a.op("VEOR V%d.B16, V%d.B16, V%d.B16", i, i, i)
	}
	a.field(unsafe.Offsetof(f.X), x)
	a.field(unsafe.Offsetof(f.Count), rest)
	a.op("LSR $2, %v, %v", rest, fours)
	a.op("AND $3, %v", rest)
	a.repeatMaybe(fours, func() { a.addPixels(x, 0, 4) })
	a.repeatMaybe(rest, func() { a.addPixels(x, 0, 1) })
	for half := range 2 {
		first, second := vec(half), vec(4+half)
		a.addTo(first, first+2)
		a.addTo(second, second+2)
		a.addTo(first, second)
	}
	a.broadcast(arguments, unsafe.Offsetof(f.Scale), 8)
	a.field(unsafe.Offsetof(f.Y), y)
	for half := range 2 {
		a.multiply(vec(half), vec(half), 8)
		a.store(vec(half), y, 16*half)
	}
	a.end()
}

// addPixels is acc += x for n pixels, and moves on.
func (a *assembler) addPixels(x gp, acc vec, n int) {
	for i := range 2 * n {
		a.load(x, 16*i, 16+vec(i))
		a.addTo(acc+vec(i), 16+vec(i))
	}
	a.add(n*vecBytes, x)
}

// accumulate emits the sum of two lists of pixels in place, four at a time.
func accumulate(a *assembler) {
	var f kernels.Accumulate
	const x, y, fours, rest = gp(1), gp(2), gp(3), gp(4)
	a.begin("accumulate_neon", "Accumulate", "is Accumulate.")
	a.field(unsafe.Offsetof(f.X), x)
	a.field(unsafe.Offsetof(f.Y), y)
	a.field(unsafe.Offsetof(f.Count), rest)
	a.op("LSR $2, %v, %v", rest, fours)
	a.op("AND $3, %v", rest)
	pixels := func(n int) {
		for i := range 2 * n {
			a.load(y, 16*i, vec(i))
		}
		a.addPixels(x, 0, n)
		for i := range 2 * n {
			a.store(vec(i), y, 16*i)
		}
		a.add(n*vecBytes, y)
	}
	a.repeatMaybe(fours, func() { pixels(4) })
	a.repeatMaybe(rest, func() { pixels(1) })
	a.end()
}

// fmaPeak emits multiply-adds that need no memory: 96 of four lanes a turn, in 24 accumulators.
func fmaPeak(a *assembler) {
	const n gp = 1
	a.beginWith("fmaPeak_neon", "n int", "runs n units of Peak.")
	a.op("MOVD n+0(FP), %v", n)
	for i := range 26 {
		a.op("VEOR V%d.B16, V%d.B16, V%d.B16", i, i, i)
	}
	a.repeat(n, func() {
		for i := range 96 {
			a.fma(vec(i%24), 24, 25)
		}
	})
	a.end()
}
