package augment

import (
	"math"

	"mnv2/data/pixel"
)

// Sharpness mixes m with a smoothed copy, in place: amount*m + (1-amount)*smooth. The smoothed pixel is (4*centre + the 3x3 around it)/13;
// at the border it is the pixel itself. Equal to MindSpore's Sharpness; the division is exact, since no result lies half-way between two bytes.
func Sharpness(m pixel.Image, amount float64, s *Scratch) {
	if m.W < 3 || m.H < 3 {
		return
	}
	src := s.copyOf(m)
	var b blend
	b.fill(weights(amount))
	c, stride := m.C, m.W*m.C
	for y := 1; y < m.H-1; y++ {
		up, mid, low := src.Row(y-1), src.Row(y), src.Row(y+1)
		out := m.Row(y)
		for i := c; i < stride-c; i++ {
			sum := int(up[i-c]) + int(up[i]) + int(up[i+c]) + int(mid[i-c]) + 5*int(mid[i]) + int(mid[i+c]) +
				int(low[i-c]) + int(low[i]) + int(low[i+c])
			out[i] = b.mix(mid[i], byte((2*sum+13)/26))
		}
	}
	b.border(m)
}

// border applies the blend to the outermost pixels, whose smoothed values are themselves.
func (b *blend) border(m pixel.Image) {
	self := func(row []byte) {
		for i, v := range row {
			row[i] = b.mix(v, v)
		}
	}
	self(m.Row(0))
	self(m.Row(m.H - 1))
	for y := 1; y < m.H-1; y++ {
		row := m.Row(y)
		self(row[:m.C])
		self(row[len(row)-m.C:])
	}
}

// Blur smooths m with a Gaussian of 3x3 pixels and deviation sigma, in place, as OpenCV's GaussianBlur on bytes: weights of 8 bits, no
// rounding between the two passes, the picture mirrored at its border pixels.
func Blur(m pixel.Image, sigma float64, s *Scratch) {
	side := math.Exp(-0.5 / (sigma * sigma))
	w := int32(math.RoundToEven(256 * side / (1 + 2*side)))
	mid := 256 - 2*w
	src := s.copyOf(m)
	for y := range m.H {
		up, here, low := src.Row(mirror(y-1, m.H)), src.Row(y), src.Row(mirror(y+1, m.H))
		out := m.Row(y)
		for x := range m.W {
			l, r := m.C*mirror(x-1, m.W), m.C*mirror(x+1, m.W)
			for i := x * m.C; i < (x+1)*m.C; i, l, r = i+1, l+1, r+1 {
				a := w*(int32(up[l])+int32(up[r])) + mid*int32(up[i])
				b := w*(int32(here[l])+int32(here[r])) + mid*int32(here[i])
				d := w*(int32(low[l])+int32(low[r])) + mid*int32(low[i])
				out[i] = byte((w*(a+d) + mid*b + 1<<15) >> 16)
			}
		}
	}
}

// mirror reflects a position one beyond an axis of n pixels at the last pixel, which is not repeated.
func mirror(i, n int) int {
	switch {
	case n == 1:
		return 0
	case i < 0:
		return -i
	case i >= n:
		return 2*n - 2 - i
	}
	return i
}
