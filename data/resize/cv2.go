package resize

import (
	"math"
	"slices"

	"mnv2/data/pixel"
)

// OpenCV's 8-bit INTER_LINEAR works with weights of 11 bits (one = 2048). The horizontal sums keep them; the vertical
// pass drops 4 bits before and 16 after its multiplication and rounds the last 2 away. The order of these shifts is
// what makes the bytes equal to OpenCV's.
const cv2One = 2048

// cv2Tap is one output position along an axis: the two source positions it lies between and their weights.
type cv2Tap struct {
	near, far   int32 // columns: byte offset in a row of the rectangle; rows: row number in it
	wNear, wFar int32 // add up to 2048, up to rounding
}

type cv2Scratch struct {
	cols    []cv2Tap
	vectors cv2Vectors
	sums    [2][]int16 // horizontal sums >> 4 of the two latest source rows, at most 255*2048 >> 4
	near    []int32    // of CV2Nearest: byte offsets in a row
}

// cv2Window is Window for CV2Linear. A source row is summed horizontally at most once, because consecutive output rows
// need the same or later rows and the two latest sums are kept.
// isArea takes the positions of INTER_AREA when enlarging.
func cv2Window(dst, src pixel.Image, r pixel.Rect, t Target, isArea bool, s *cv2Scratch) {
	cols, rows := newCV2Axis(r.W, t.W, isArea), newCV2Axis(r.H, t.H, isArea)
	s.cols = slices.Grow(s.cols[:0], dst.W)[:dst.W]
	cols.taps(s.cols, t.X, src.C)
	s.vectors.set(s.cols, src.C, r.W*src.C)
	for i := range s.sums {
		s.sums[i] = slices.Grow(s.sums[i][:0], dst.W*dst.C)[:dst.W*dst.C]
	}
	held := [2]int32{-1, -1} // which source row s.sums[i] holds
	for y := range dst.H {
		row := rows.row(t.Y + y)
		if held[0] != row.near && held[1] == row.near {
			s.sums[0], s.sums[1] = s.sums[1], s.sums[0]
			held[0], held[1] = held[1], held[0]
		}
		for i, want := range [2]int32{row.near, row.far} {
			if held[i] != want {
				s.horizontal(s.sums[i], rowOf(src, r, int(want)), src.C)
				held[i] = want
			}
		}
		out := dst.Row(y)
		done := cv2VerticalVectors(out, s.sums[0], s.sums[1], row.wNear, row.wFar)
		cv2Vertical(out[done:], s.sums[0][done:], s.sums[1][done:], row.wNear, row.wFar)
	}
}

// horizontal writes the sums of a row: as many as vectors can, then the rest.
func (s *cv2Scratch) horizontal(sums []int16, row []byte, channels int) {
	done := s.vectors.horizontal(sums, row)
	cv2Horizontal(sums[done*channels:], row, s.cols[done:], channels)
}

// rowOf returns row y of the rectangle r of m.
func rowOf(m pixel.Image, r pixel.Rect, y int) []byte {
	return m.Row(r.Y + y)[r.X*m.C : (r.X+r.W)*m.C]
}

// cv2Axis says where the outputs of an axis lie between the source's positions.
type cv2Axis struct {
	in     int
	scale  float64 // step between source positions; OpenCV inverts the quotient out/in
	factor float64 // out/in
	isArea bool
}

func newCV2Axis(in, out int, isArea bool) cv2Axis {
	factor := float64(out) / float64(in)
	return cv2Axis{in, 1 / factor, factor, isArea}
}

// position returns floor and fraction of the source position (d + 0.5)*scale - 0.5 of output d. The position is
// rounded to float32 as in OpenCV; the conversion float64(...) keeps the compiler from fusing multiply and add on arm64.
func (a cv2Axis) position(d int) (i int, frac float32) {
	if a.isArea {
		return a.areaPosition(d)
	}
	f := float32(float64((float64(d)+0.5)*a.scale) - 0.5)
	floor := math.Floor(float64(f))
	return int(floor), f - float32(floor)
}

// areaPosition is position for INTER_AREA: an output that lies wholly within a source pixel is that pixel.
func (a cv2Axis) areaPosition(d int) (i int, frac float32) {
	i = int(math.Floor(float64(d) * a.scale))
	f := float32(float64(d+1) - float64(float64(i+1)*a.factor))
	if f <= 0 {
		return i, 0
	}
	return i, f - float32(math.Floor(float64(f)))
}

// cv2Weights returns rint(2048*(1-frac)) and rint(2048*frac), ties to even.
func cv2Weights(frac float32) (near, far int32) {
	near = int32(math.RoundToEven(float64(cv2One * (1 - frac))))
	far = int32(math.RoundToEven(float64(cv2One * frac)))
	return near, far
}

// taps fills the outputs first, first+1, ... A position outside the picture is moved to the border and its fraction forgotten.
func (a cv2Axis) taps(taps []cv2Tap, first, channels int) {
	for x := range taps {
		i, frac := a.position(first + x)
		if i < 0 {
			i, frac = 0, 0
		}
		if i >= a.in-1 {
			i, frac = a.in-1, 0
		}
		near, far := cv2Weights(frac)
		taps[x] = cv2Tap{int32(i * channels), int32(min(i+1, a.in-1) * channels), near, far}
	}
}

// row is the tap of output row d. Unlike columns, rows outside the picture keep their fraction and only have their
// numbers clipped; when enlarging this shows in the last bit.
func (a cv2Axis) row(d int) cv2Tap {
	i, frac := a.position(d)
	near, far := cv2Weights(frac)
	clip := func(i int) int32 { return int32(min(max(i, 0), a.in-1)) }
	return cv2Tap{clip(i), clip(i + 1), near, far}
}

// cv2Horizontal writes (near*wNear + far*wFar) >> 4 for every tap and channel of row: sums = [taps][channels].
func cv2Horizontal(sums []int16, row []byte, taps []cv2Tap, channels int) {
	if channels == 3 {
		cv2Horizontal3(sums, row, taps)
		return
	}
	for x, t := range taps {
		for c := range channels {
			a, b := int32(row[int(t.near)+c]), int32(row[int(t.far)+c])
			sums[x*channels+c] = int16((a*t.wNear + b*t.wFar) >> 4)
		}
	}
}

// cv2Horizontal3 is cv2Horizontal with the loop over three channels unrolled.
func cv2Horizontal3(sums []int16, row []byte, taps []cv2Tap) {
	for x := range taps {
		t := &taps[x]
		a, b := row[t.near:t.near+3:t.near+3], row[t.far:t.far+3:t.far+3]
		s := sums[3*x : 3*x+3 : 3*x+3]
		s[0] = int16((int32(a[0])*t.wNear + int32(b[0])*t.wFar) >> 4)
		s[1] = int16((int32(a[1])*t.wNear + int32(b[1])*t.wFar) >> 4)
		s[2] = int16((int32(a[2])*t.wNear + int32(b[2])*t.wFar) >> 4)
	}
}

// cv2Vertical writes the weighted sum of two rows of horizontal sums.
func cv2Vertical(dst []byte, near, far []int16, wNear, wFar int32) {
	near, far = near[:len(dst)], far[:len(dst)]
	for i := range dst {
		dst[i] = byte(((int32(near[i])*wNear)>>16 + (int32(far[i])*wFar)>>16 + 2) >> 2)
	}
}
