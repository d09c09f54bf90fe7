//go:build amd64 && !purego

package kernels

import "golang.org/x/sys/cpu"

// native returns the sets in assembly that this processor and its system support, the best first.
func native() []*Set {
	x := &cpu.X86
	if !x.HasAVX2 || !x.HasFMA {
		return nil
	}
	if x.HasAVX512F && x.HasAVX512VL && x.HasAVX512DQ {
		return []*Set{avx512(), avx2()}
	}
	return []*Set{avx2()}
}

// avx512 is the set of AVX2 but for the 1x1 convolution and the stem from 16 columns on.
func avx512() *Set {
	s := avx2()
	s.Name = "avx512"
	s.TileRows = [forms]int{1: 8, 2: 10, 3: 14, 4: 14}
	s.Pointwise[2], s.Pointwise[3], s.Pointwise[4] = pointwise10x16_avx512, pointwise14x24_avx512, pointwise14x32_avx512
	s.Stem[2], s.Stem[3], s.Stem[4] = stem10x16_avx512, stem14x24_avx512, stem14x32_avx512
	return s
}

func avx2() *Set {
	return &Set{
		Name:      "avx2",
		TileRows:  [forms]int{1: 8, 2: 6, 3: 4},
		Pointwise: [forms]func(*Pointwise){1: pointwise8x8_avx2, 2: pointwise6x16_avx2, 3: pointwise4x24_avx2},
		Stem:      [forms]func(*Stem){1: stem8x8_avx2, 2: stem6x16_avx2, 3: stem4x24_avx2},
		Depthwise: [3]func(*Depthwise){1: depthwise_s1_avx2, 2: depthwise_s2_avx2},
		MatVec:    matvec64_avx2,
		Mean:      mean_avx2,

		Accumulate: accumulate_avx2,
		Pixels:     pixels_avx2,
	}
}

// Pause waits for about 40 ns times n in a way that leaves the core to its other thread. n is 1 or more.
func Pause(n int) { pause(n) }

// PeakFLOPs is how many floating-point operations one unit of [Peak] is.
const PeakFLOPs = 48 * 8 * 2

// Peak runs multiply-adds that need no memory, n*PeakFLOPs operations, n 1 or more: timed, it is the limit of the core,
// with the widest registers that it has, whichever set is in use.
// It returns false if there is no such probe for this machine.
func Peak(n int) bool {
	sets := native()
	switch {
	case len(sets) == 0:
		return false
	case sets[0].Name == "avx512":
		fmaPeak_avx512(n)
	default:
		fmaPeak_avx2(n)
	}
	return true
}
