package resize

import "slices"

// cv2Vectors is the columns of a window as the vector kernels take them.
type cv2Vectors struct {
	near    []int32    // byte offset of each output's near pixel
	weights [][8]int16 // its near and far weight, four times over
	count   int        // outputs that vectors compute: an even number
}

// set takes over the taps of rows that have rowBytes bytes. The kernels read eight bytes from each near pixel on, and write two bytes
// behind the last sum: the last outputs are not theirs.
func (v *cv2Vectors) set(taps []cv2Tap, channels, rowBytes int) {
	v.count = 0
	if !useAVX2 || channels != 3 {
		return
	}
	v.near = slices.Grow(v.near[:0], len(taps))[:len(taps)]
	v.weights = slices.Grow(v.weights[:0], len(taps))[:len(taps)]
	for i, t := range taps {
		near, far := int16(t.wNear), int16(t.wFar)
		v.near[i], v.weights[i] = t.near, [8]int16{near, far, near, far, near, far, near, far}
		if int(t.near)+8 <= rowBytes && i+1 < len(taps) {
			v.count = i + 1
		}
	}
	v.count &^= 1
}

// horizontal computes the first sums of row and returns of how many outputs.
func (v *cv2Vectors) horizontal(sums []int16, row []byte) int {
	if v.count > 0 {
		horizontal3AVX2(&sums[0], &row[0], &v.near[0], &v.weights[0], v.count)
	}
	return v.count
}

// cv2VerticalVectors is cv2Vertical for the first bytes of dst; it returns how many.
func cv2VerticalVectors(dst []byte, near, far []int16, wNear, wFar int32) int {
	count := len(dst) &^ 15
	if !useAVX2 || count == 0 {
		return 0
	}
	verticalAVX2(&dst[0], &near[0], &far[0], int16(wNear), int16(wFar), count)
	return count
}
