package augment

import (
	"math"

	"mnv2/data/pixel"
)

// The operations of this file work on every byte by itself, or on every channel by its histogram. All of them equal MindSpore's.

// mapBytes replaces every byte of m by its entry in the table of its channel.
func mapBytes(m pixel.Image, table *[3][256]byte) {
	if m.C == 1 {
		for i, v := range m.Pix {
			m.Pix[i] = table[0][v]
		}
		return
	}
	for p := m.Pix; len(p) >= 3; p = p[3:] {
		p[0], p[1], p[2] = table[0][p[0]], table[1][p[1]], table[2][p[2]]
	}
}

// histogram counts the bytes of each channel.
func histogram(m pixel.Image) (h [3][256]int32) {
	if m.C == 1 {
		for _, v := range m.Pix {
			h[0][v]++
		}
		return h
	}
	for p := m.Pix; len(p) >= 3; p = p[3:] {
		h[0][p[0]]++
		h[1][p[1]]++
		h[2][p[2]]++
	}
	return h
}

// Invert replaces every byte v of m by 255-v, in place.
func Invert(m pixel.Image) {
	for i, v := range m.Pix {
		m.Pix[i] = ^v
	}
}

// Solarize inverts the bytes of m that are at least threshold, in place.
func Solarize(m pixel.Image, threshold int) {
	for i, v := range m.Pix {
		if int(v) >= threshold {
			m.Pix[i] = ^v
		}
	}
}

// Posterize keeps the upper bits of every byte of m, 1 to 8 of them, in place.
func Posterize(m pixel.Image, bits int) {
	mask := byte(0xFF << (8 - min(max(bits, 0), 8)))
	for i := range m.Pix {
		m.Pix[i] &= mask
	}
}

// AutoContrast stretches each channel of m so that its darkest byte becomes 0 and its lightest 255, in place: the whole part of
// (v-lo) * 255/(hi-lo), in float32. A channel of one value stays.
func AutoContrast(m pixel.Image) {
	h := histogram(m)
	var table [3][256]byte
	for c := range m.C {
		lo, hi := 0, 255
		for lo < 255 && h[c][lo] == 0 {
			lo++
		}
		for hi > 0 && h[c][hi] == 0 {
			hi--
		}
		scale, offset := float32(1), float32(0)
		if hi > lo {
			scale = float32(255 / float64(hi-lo))
			offset = float32(float32(-lo) * scale)
		}
		for v := range table[c] {
			table[c][v] = byte(min(max(int(float32(float32(v)*scale)+offset), 0), 255))
		}
	}
	mapBytes(m, &table)
}

// Equalize gives each channel of m an even histogram, in place, as OpenCV's equalizeHist: a byte becomes 255 times the share of the pixels
// that are not above it, those of the darkest value left out of both counts.
func Equalize(m pixel.Image) {
	h := histogram(m)
	total := int32(m.W * m.H)
	var table [3][256]byte
	for c := range m.C {
		first := 0
		for h[c][first] == 0 {
			first++
		}
		if h[c][first] == total {
			table[c][first] = byte(first)
			continue
		}
		scale := float32(255) / float32(total-h[c][first])
		sum := int32(0)
		for v := first + 1; v < 256; v++ {
			sum += h[c][v]
			table[c][v] = byte(min(math.RoundToEven(float64(float32(sum)*scale)), 255))
		}
	}
	mapBytes(m, &table)
}

// Color moves every pixel of the RGB image m away from its grey value, in place: x*amount + grey*(1-amount), as MindSpore's RandomColor.
// An amount within 0.00195 of 1 changes nothing, one as near to 0 leaves grey.
func Color(m pixel.Image, amount float64) {
	const near = 0.00195
	a, rest := weights(amount)
	switch {
	case m.C != 3 || math.Abs(float64(a)-1) < near:
		return
	case math.Abs(float64(a)) < near:
		a, rest = 0, 1
	}
	var b blend
	b.fill(a, rest)
	for p := m.Pix; len(p) >= 3; p = p[3:] {
		g := grey(p[0], p[1], p[2])
		p[0], p[1], p[2] = b.mix(p[0], g), b.mix(p[1], g), b.mix(p[2], g)
	}
}
