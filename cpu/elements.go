package cpu

import (
	"math"

	"mnv2/backend"
)

// readElements fills dst with every step-th element of type t from element at of src on.
func readElements(dst []float32, src []byte, t backend.DType, at, step int) {
	switch t {
	case backend.F32:
		x := slab[float32](src)
		for i := range dst {
			dst[i] = x[at+i*step]
		}
	case backend.F16:
		x := slab[uint16](src)
		for i := range dst {
			dst[i] = fromHalf(x[at+i*step])
		}
	case backend.BF16:
		x := slab[uint16](src)
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(x[at+i*step]) << 16)
		}
	case backend.I32:
		x := slab[int32](src)
		for i := range dst {
			dst[i] = float32(x[at+i*step])
		}
	case backend.U8:
		for i := range dst {
			dst[i] = float32(src[at+i*step])
		}
	}
}

// writeElements writes src as elements of type t, a floating-point one, to every step-th place from element at of dst on.
func writeElements(dst []byte, t backend.DType, at, step int, src []float32) {
	switch t {
	case backend.F32:
		y := slab[float32](dst)
		for i, v := range src {
			y[at+i*step] = v
		}
	case backend.F16:
		y := slab[uint16](dst)
		for i, v := range src {
			y[at+i*step] = toHalf(v)
		}
	case backend.BF16:
		y := slab[uint16](dst)
		for i, v := range src {
			y[at+i*step] = toBrain(v)
		}
	}
}

// fromHalf returns the value of an IEEE binary16.
func fromHalf(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent, fraction := uint32(h>>10)&0x1f, uint32(h)&0x3ff
	switch exponent {
	case 0: // zero and subnormal: fraction * 2^-24, which is exact
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case 0x1f: // infinity and NaN
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// toHalf returns the nearest IEEE binary16, ties to even. Too large becomes infinite.
func toHalf(v float32) uint16 {
	bits := math.Float32bits(v)
	sign := uint16(bits>>16) & 0x8000
	bits &= 0x7fffffff
	switch {
	case bits > 0xff<<23:
		return sign | 0x7e00 | uint16(bits>>13)&0x3ff
	case bits >= 0x477ff000: // 65520, halfway between the largest number and the next
		return sign | 0x7c00
	case bits < 0x38800000: // 2^-14: subnormal; the addition rounds to units of 2^-24
		return sign | uint16(math.Float32bits(math.Float32frombits(bits)+0.5)-math.Float32bits(0.5))
	}
	rounded := bits + 0xfff + (bits>>13)&1
	return sign | uint16((rounded-(127-15)<<23)>>13)
}

// toBrain returns the nearest number that is the upper half of a binary32, ties to even.
func toBrain(v float32) uint16 {
	bits := math.Float32bits(v)
	if v != v {
		return uint16(bits>>16) | 0x40 // keeps NaN from rounding to infinity
	}
	return uint16((bits + 0x7fff + (bits>>16)&1) >> 16)
}
