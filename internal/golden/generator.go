package golden

import "hash/fnv"

// Words returns the first n outputs of splitmix64 seeded with the 64-bit FNV-1a hash of name (Steele et al. 2014).
func Words(name string, n int) []uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	seed := h.Sum64()
	out := make([]uint64, n)
	for i := range out {
		out[i] = mix(seed + uint64(i+1)*0x9E3779B97F4A7C15)
	}
	return out
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Uniform returns n numbers in [0, 1): the upper 53 bits of each word times 2^-53.
func Uniform(name string, n int) []float64 {
	out := make([]float64, n)
	for i, w := range Words(name, n) {
		out[i] = float64(w>>11) * 0x1p-53
	}
	return out
}

// Fill returns n float32: (uniform - 0.5) * scale, computed in float64 and rounded once.
func Fill(name string, n int, scale float64) []float32 { return Around(name, n, scale, 0) }

// Around returns n float32: offset + (uniform - 0.5) * scale, computed in float64 and rounded once.
func Around(name string, n int, scale, offset float64) []float32 {
	out := make([]float32, n)
	for i, u := range Uniform(name, n) {
		out[i] = float32(offset + float64((u-0.5)*scale)) // the conversion forbids a fused multiply-add
	}
	return out
}

// Bytes returns the upper 8 bits of n words.
func Bytes(name string, n int) []byte {
	out := make([]byte, n)
	for i, w := range Words(name, n) {
		out[i] = byte(w >> 56)
	}
	return out
}

// Signs returns n numbers: -1 where the upper bit of the word is set, else +1.
func Signs(name string, n int) []float64 {
	out := make([]float64, n)
	for i, w := range Words(name, n) {
		out[i] = 1 - 2*float64(w>>63)
	}
	return out
}

// Labels returns n class numbers: the upper 32 bits of each word modulo classes.
func Labels(name string, n, classes int) []int32 {
	out := make([]int32, n)
	for i, w := range Words(name, n) {
		out[i] = int32(w >> 32 % uint64(classes))
	}
	return out
}

// Images returns n RGB pictures of size x size pixels, uint8 NHWC: the mean, rounded down, of fine noise (stream
// NAME.fine) and of squares of 8x8 pixels (NAME.coarse).
func Images(name string, n, size int) []byte {
	cells := (size + 7) / 8
	out := Bytes(name+".fine", n*size*size*3)
	coarse := Bytes(name+".coarse", n*cells*cells*3)
	for i := range out {
		c, x, y, image := i%3, i/3%size, i/3/size%size, i/3/size/size
		square := coarse[((image*cells+y/8)*cells+x/8)*3+c]
		out[i] = byte((int(out[i]) + int(square)) / 2)
	}
	return out
}

// Normalised returns (x - 127.5) / 127.5 of uint8 NHWC pictures as float32 NCHW; the division rounds, once.
func Normalised(pictures []byte, n, size int) []float32 {
	out := make([]float32, len(pictures))
	for i, v := range pictures {
		c, pixel, image := i%3, i/3%(size*size), i/3/size/size
		out[(image*3+c)*size*size+pixel] = (float32(v) - 127.5) / 127.5
	}
	return out
}
