package ref

import (
	"math"

	"mnv2/backend"
)

// Round returns the number of type t nearest to v, ties to even. Floats overflow to infinity; integers stop at their
// smallest and largest value, and NaN becomes 0 there.
func Round(t backend.DType, v float64) float64 {
	switch t {
	case backend.F32:
		return float64(float32(v))
	case backend.F16:
		return half.round(v)
	case backend.BF16:
		return brain.round(v)
	case backend.I32:
		return clampInt(v, math.MinInt32, math.MaxInt32)
	default:
		return clampInt(v, 0, math.MaxUint8)
	}
}

func clampInt(v, low, high float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return min(max(math.RoundToEven(v), low), high)
}

// small is a binary floating-point format of 16 bits with an implicit leading one.
type small struct {
	fraction int // bits of the fraction
	bias     int // of the exponent
}

var (
	half  = small{fraction: 10, bias: 15} // IEEE binary16
	brain = small{fraction: 7, bias: 127} // the upper half of a binary32
)

// round returns the nearest number of the format, ties to even.
func (f small) round(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	_, e := math.Frexp(v) // |v| is in [2^(e-1), 2^e)
	exponent := max(e-1, 1-f.bias)
	step := math.Ldexp(1, exponent-f.fraction)
	r := math.RoundToEven(v/step) * step
	if math.Abs(r) >= math.Ldexp(1, f.bias+1) {
		return math.Inf(int(math.Copysign(1, v)))
	}
	return math.Copysign(r, v)
}

// encode returns the bits of v, rounded.
func (f small) encode(v float64) uint16 {
	sign := uint16(0)
	if math.Signbit(v) {
		sign = 1 << 15
	}
	infinity := uint16(2*f.bias+1) << f.fraction
	v = math.Abs(f.round(v))
	switch {
	case math.IsNaN(v):
		return sign | infinity | 1<<(f.fraction-1)
	case math.IsInf(v, 0):
		return sign | infinity
	case v == 0:
		return sign
	}
	_, e := math.Frexp(v)
	exponent := max(e-1, 1-f.bias)
	units := uint16(math.Ldexp(v, f.fraction-exponent)) // fraction with the leading one, or without for a subnormal
	// A leading one carries into the exponent field, which is why the field starts one lower.
	return sign | (uint16(exponent+f.bias-1)<<f.fraction + units)
}

// decode returns the number whose bits are given.
func (f small) decode(bits uint16) float64 {
	field := int(bits>>f.fraction) & (2*f.bias + 1)
	fraction := float64(bits & (1<<f.fraction - 1))
	v := 0.0
	switch {
	case field == 2*f.bias+1 && fraction != 0:
		return math.NaN()
	case field == 2*f.bias+1:
		v = math.Inf(1)
	case field == 0:
		v = math.Ldexp(fraction, 1-f.bias-f.fraction)
	default:
		v = math.Ldexp(fraction+float64(int(1)<<f.fraction), field-f.bias-f.fraction)
	}
	if bits>>15 == 1 {
		return -v
	}
	return v
}
