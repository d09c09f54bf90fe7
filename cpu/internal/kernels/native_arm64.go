//go:build arm64 && !purego

package kernels

// native returns the set in assembly: every arm64 processor has its instructions.
func native() []*Set { return []*Set{neon()} }

func neon() *Set {
	return &Set{
		Name:      "neon",
		TileRows:  [forms]int{1: 8, 2: 5, 3: 4},
		Pointwise: [forms]func(*Pointwise){1: pointwise8x8_neon, 2: pointwise5x16_neon, 3: pointwise4x24_neon},
		Stem:      [forms]func(*Stem){1: stem8x8_neon, 2: stem5x16_neon, 3: stem4x24_neon},
		Depthwise: [3]func(*Depthwise){1: depthwise_s1_neon, 2: depthwise_s2_neon},
		MatVec:    matvec64_neon,
		Mean:      mean_neon,

		Accumulate: accumulate_neon,
		Pixels:     bytesToPixels,
	}
}

// PeakFLOPs is how many floating-point operations one unit of [Peak] is.
const PeakFLOPs = 96 * 4 * 2

// Peak runs multiply-adds that need no memory, n*PeakFLOPs operations, n 1 or more: timed, it is the limit of the core.
func Peak(n int) bool {
	fmaPeak_neon(n)
	return true
}
