// Package tolerance compares numbers that a device computed with those of an exact oracle.
//
// A tolerance is derived, never tuned. A sum of n products in a format with unit roundoff u differs from the exact one by at
// most [Gamma](n, u) times the sum of the products' magnitudes, in whatever order it is formed and whether or not
// multiplications and additions are contracted (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, 3.1 and
// 4.2). So a bound needs the count of terms, their magnitudes and the formats, all of which the oracle knows. Storing the
// result adds [Format.Spacing].
//
// [Compare] takes values and one bound for each. NaN, infinities and their signs are compared as what they are, never by
// subtraction.
package tolerance

import "math"

// Format is what rounding in a binary floating-point format does.
type Format struct {
	Unit    float64 // half the distance from 1 to the next larger number
	Flush   float64 // devices may take anything smaller for zero: subnormals, but those of binary16 are kept
	Largest float64 // largest finite number
}

// The formats of tensor elements.
var (
	F32  = Format{Unit: 0x1p-24, Flush: 0x1p-126, Largest: math.MaxFloat32}
	F16  = Format{Unit: 0x1p-11, Flush: 0x1p-24, Largest: 65504}
	BF16 = Format{Unit: 0x1p-8, Flush: 0x1p-126, Largest: 0x1.fep127}
)

// Spacing returns the most that storing v changes it: half a unit in the last place, or all of a subnormal.
func (f Format) Spacing(v float64) float64 { return f.Unit*math.Abs(v) + f.Flush }

// Gamma returns n*u/(1-n*u), the relative error that n roundings of relative size u can add up to, and +Inf where that
// says nothing (n*u of 1 or more).
func Gamma(n int, u float64) float64 {
	nu := float64(n) * u
	if nu >= 1 {
		return math.Inf(1)
	}
	return nu / (1 - nu)
}

// Sum returns the error of a sum of n products that is formed in format f, where magnitude is the sum of their absolute
// values. Subnormal products may have been flushed to zero.
func (f Format) Sum(n int, magnitude float64) float64 {
	return Gamma(n, f.Unit)*magnitude + float64(n)*f.Flush
}
