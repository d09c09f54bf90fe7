package augment

import (
	"math"
	"math/rand/v2"

	"mnv2/data/pixel"
)

// ColorJitter changes brightness, contrast, saturation and hue by random factors, as MindSpore's RandomColorAdjust does.
// Each of the first three fields f draws its factor from [max(0, 1-f), 1+f], Hue h from [-h, h] with h at most 0.5. A
// field of 0 leaves that operation out. Every operation works on bytes and rounds and saturates its result.
type ColorJitter struct{ Brightness, Contrast, Saturation, Hue float64 }

// IsOff reports whether j changes nothing.
func (j ColorJitter) IsOff() bool { return j == ColorJitter{} }

// Apply changes the colours of m in place: the operations in random order, each with its own uniform factor. An image
// that is not three-channelled stays as it is, without a random number being drawn.
func (j ColorJitter) Apply(m pixel.Image, rng *rand.Rand) {
	if j.IsOff() || m.C != 3 {
		return
	}
	order := [4]int{0, 1, 2, 3}
	rng.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
	for _, op := range order {
		switch op {
		case 0:
			jitter(m, j.Brightness, rng, Brightness)
		case 1:
			jitter(m, j.Contrast, rng, Contrast)
		case 2:
			jitter(m, j.Saturation, rng, Saturation)
		case 3:
			if j.Hue != 0 {
				Hue(m, uniform(rng, -j.Hue, j.Hue))
			}
		}
	}
}

// jitter draws one factor and applies it.
func jitter(m pixel.Image, f float64, rng *rand.Rand, op func(pixel.Image, float64)) {
	if f != 0 {
		op(m, uniform(rng, max(0, 1-f), 1+f))
	}
}

// Brightness multiplies every byte of m by alpha, in place.
func Brightness(m pixel.Image, alpha float64) {
	var table [256]byte
	for v := range table {
		table[v] = saturate(float32(v) * float32(alpha))
	}
	for i, v := range m.Pix {
		m.Pix[i] = table[v]
	}
}

// Contrast moves every byte of the RGB image m away from the mean of its grey picture, in place:
// mean*(1-alpha) + x*alpha, with the mean rounded to a whole number.
func Contrast(m pixel.Image, alpha float64) {
	var sum int
	for p := m.Pix; len(p) >= 3; p = p[3:] {
		sum += int(grey(p[0], p[1], p[2]))
	}
	mean := int(float64(sum)/float64(m.W*m.H) + 0.5)
	var table [256]byte
	var b blend
	a, rest := weights(alpha)
	b.fill(rest, a)
	for v := range table {
		table[v] = b.mix(byte(mean), byte(v))
	}
	for i, v := range m.Pix {
		m.Pix[i] = table[v]
	}
}

// Saturation moves every pixel of the RGB image m away from its grey value, in place: grey*(1-alpha) + x*alpha.
func Saturation(m pixel.Image, alpha float64) {
	var b blend
	a, rest := weights(alpha)
	b.fill(rest, a)
	for p := m.Pix; len(p) >= 3; p = p[3:] {
		g := grey(p[0], p[1], p[2])
		p[0], p[1], p[2] = b.mix(g, p[0]), b.mix(g, p[1]), b.mix(g, p[2])
	}
}

// grey is OpenCV's fixed-point 0.299 R + 0.587 G + 0.114 B.
func grey(r, g, b byte) byte {
	return byte((9798*int32(r) + 19235*int32(g) + 3735*int32(b) + 1<<14) >> 15)
}

// weights returns alpha and its complement as float32. In MindSpore alpha is a float32, its complement is taken in float64.
func weights(alpha float64) (a, rest float32) {
	a = float32(alpha)
	return a, float32(1 - float64(a))
}

// blend computes first*w + second*v as OpenCV's addWeighted does on bytes: in float32, the second product rounded, the first one fused with
// the sum. In float64 products and sum are exact.
type blend struct{ first, second [256]float64 }

func (b *blend) fill(w, v float32) {
	for i := range 256 {
		b.first[i], b.second[i] = float64(i)*float64(w), float64(float32(i)*v)
	}
}

func (b *blend) mix(first, second byte) byte {
	return saturate(float32(b.first[first] + b.second[second]))
}

// saturate rounds v to the nearest whole number, halves to the even one, and limits it to 0..255. Adding 1.5*2^23 leaves
// no room for a fraction in a float32, so that the sum's low bits are the rounded number; |v| must stay below 2^22.
func saturate(v float32) byte {
	const magic = 3 << 22
	n := int32(math.Float32bits(float32(v)+magic)) - 0x4B400000
	if uint32(n) > 255 {
		if n < 0 {
			return 0
		}
		return 255
	}
	return byte(n)
}
