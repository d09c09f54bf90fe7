package augment

import (
	"math"

	"mnv2/data/pixel"
)

// Hue turns the hue of every pixel of the RGB image m by h, in place; h = 1 is a whole turn. The pixel goes through
// OpenCV's 8-bit HSV with the full hue range: hue += uint8(255 h) modulo 256.
func Hue(m pixel.Image, h float64) {
	turn := byte(int(float32(h) * 255))
	for p := m.Pix; len(p) >= 3; p = p[3:] {
		hue, s, v := toHSV(p[0], p[1], p[2])
		p[0], p[1], p[2] = toRGB(hue+turn, s, v)
	}
}

// hsvShift is the number of bits after the point in the division tables of toHSV.
const hsvShift = 12

// saturationTable[v] is 255/v and hueTable[d] is 256/(6d), in fixed point, rounded half to even.
var saturationTable, hueTable = divisionTables()

func divisionTables() (s, h [256]int32) {
	for i := 1; i < 256; i++ {
		s[i] = int32(math.RoundToEven(float64(255<<hsvShift) / float64(i)))
		h[i] = int32(math.RoundToEven(float64(256<<hsvShift) / float64(6*i)))
	}
	return s, h
}

// toHSV is OpenCV's RGB2HSV_FULL on bytes: v the largest component, s the spread relative to it, and the hue counted
// from the largest component, red before green before blue when they are equal.
func toHSV(red, green, blue byte) (h, s, v byte) {
	r, g, b := int32(red), int32(green), int32(blue)
	top := max(r, g, b)
	diff := top - min(r, g, b)
	var hue int32
	switch top {
	case r:
		hue = g - b
	case g:
		hue = b - r + 2*diff
	default:
		hue = r - g + 4*diff
	}
	const half = 1 << (hsvShift - 1)
	hue = (hue*hueTable[diff] + half) >> hsvShift
	if hue < 0 {
		hue += 256
	}
	return byte(min(hue, 255)), byte((diff*saturationTable[top] + half) >> hsvShift), byte(top)
}

// toRGB is OpenCV's HSV2RGB_FULL on bytes, in float32. Its full hue range is 255 steps where that of toHSV is 256; the
// library has it so. The explicit conversions forbid fused multiply-add.
func toRGB(hue, saturation, value byte) (red, green, blue byte) {
	s, v := float32(float32(saturation)*(1./255)), float32(float32(value)*(1./255))
	h := float32(float32(hue) * (6. / 255))
	sector := int(h)
	f := h - float32(sector)
	p := v * (1 - s)
	q := v * (1 - float32(s*f))
	t := v * (1 - float32(s*(1-f)))
	var r, g, b float32
	switch sector % 6 {
	case 0:
		r, g, b = v, t, p
	case 1:
		r, g, b = q, v, p
	case 2:
		r, g, b = p, v, t
	case 3:
		r, g, b = p, q, v
	case 4:
		r, g, b = t, p, v
	case 5:
		r, g, b = v, p, q
	}
	return saturate(r * 255), saturate(g * 255), saturate(b * 255)
}
