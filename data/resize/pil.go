package resize

import (
	"slices"

	"mnv2/data/pixel"
)

type pilScratch struct {
	cols, rows pilAxis
	between    []byte  // result of the horizontal pass, only the rows the vertical pass reads
	sums       []int32 // one output row before its last shift
}

// pilWindow is Window for Pillow's filters: horizontal pass, a byte in between, vertical pass. An axis whose size does
// not change is copied, as Pillow does.
func pilWindow(dst, src pixel.Image, r pixel.Rect, t Target, f Filter, s *pilScratch) {
	s.rows.fill(r.H, t.H, t.Y, dst.H, f)
	s.cols.fill(r.W, t.W, t.X, dst.W, f)
	top, bottom := t.Y, t.Y+dst.H // source rows that are needed
	if r.H != t.H {
		top, bottom = s.rows.span()
	}
	stride := dst.W * dst.C
	s.between = slices.Grow(s.between[:0], (bottom-top)*stride)[:(bottom-top)*stride]
	for y := top; y < bottom; y++ {
		out, row := s.between[(y-top)*stride:(y-top+1)*stride], rowOf(src, r, y)
		if r.W == t.W {
			copy(out, row[t.X*src.C:])
		} else {
			pilHorizontal(out, row, &s.cols, src.C)
		}
	}
	if r.H == t.H {
		copy(dst.Pix, s.between)
		return
	}
	s.sums = slices.Grow(s.sums[:0], stride)[:stride]
	for y, tap := range s.rows.taps {
		rows := s.between[(tap.first-top)*stride:]
		pilVertical(dst.Row(y), rows, s.rows.weights[tap.from:tap.to], s.sums)
	}
}

// span returns the first source position that any output needs and one past the last.
func (a *pilAxis) span() (first, end int) {
	last := a.taps[len(a.taps)-1]
	return a.taps[0].first, last.first + last.to - last.from
}

// pilHorizontal writes one row: out = [taps][channels].
func pilHorizontal(out, row []byte, a *pilAxis, channels int) {
	if channels == 3 {
		pilHorizontal3(out, row, a)
		return
	}
	for x, t := range a.taps {
		for c := range channels {
			sum := int32(pilRound)
			for k, w := range a.weights[t.from:t.to] {
				sum += int32(row[(t.first+k)*channels+c]) * w
			}
			out[x*channels+c] = pilClip(sum)
		}
	}
}

// pilHorizontal3 is pilHorizontal with the loop over three channels unrolled.
func pilHorizontal3(out, row []byte, a *pilAxis) {
	for x, t := range a.taps {
		weights := a.weights[t.from:t.to]
		p := row[3*t.first : 3*(t.first+len(weights))]
		r, g, b := int32(pilRound), int32(pilRound), int32(pilRound)
		for _, w := range weights {
			if len(p) < 3 { // never true; it lets the compiler drop three bounds checks
				break
			}
			r += int32(p[0]) * w
			g += int32(p[1]) * w
			b += int32(p[2]) * w
			p = p[3:]
		}
		o := out[3*x : 3*x+3 : 3*x+3]
		o[0], o[1], o[2] = pilClip(r), pilClip(g), pilClip(b)
	}
}

// pilVertical writes one output row, the weighted sum of len(weights) consecutive rows.
func pilVertical(dst, rows []byte, weights, sums []int32) {
	n := len(dst)
	sums = sums[:n]
	for i := range sums {
		sums[i] = pilRound
	}
	for k, w := range weights {
		row := rows[k*n : (k+1)*n]
		row = row[:len(sums)]
		for i := range sums {
			sums[i] += int32(row[i]) * w
		}
	}
	for i := range sums {
		dst[i] = pilClip(sums[i])
	}
}

// pilClip drops the 22 bits after the point and limits the rest to a byte. Rounding is already in sum.
func pilClip(sum int32) byte {
	v := sum >> pilBits
	if uint32(v) > 255 {
		if v < 0 {
			return 0
		}
		return 255
	}
	return byte(v)
}
