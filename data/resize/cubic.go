package resize

import (
	"math"
	"slices"

	"mnv2/data/pixel"
)

// cubicTap is one output position of OpenCV's INTER_CUBIC: four source positions and their weights of 11 bits.
type cubicTap struct {
	at     [4]int32 // columns: byte offsets in a row of the rectangle; rows: row numbers in it
	weight [4]int32
}

type cubicScratch struct {
	cols []cubicTap
	sums [4][]int32 // horizontal sums of the four latest source rows, at the row's number modulo 4
	held [4]int32
}

// cubicWindow is Window for CV2Cubic.
func cubicWindow(dst, src pixel.Image, r pixel.Rect, t Target, s *cubicScratch) {
	cols, rows := newCV2Axis(r.W, t.W, false), newCV2Axis(r.H, t.H, false)
	s.cols = slices.Grow(s.cols[:0], dst.W)[:dst.W]
	for x := range s.cols {
		s.cols[x] = cols.cubic(t.X+x, src.C)
	}
	n := dst.W * dst.C
	for i := range s.sums {
		s.sums[i], s.held[i] = slices.Grow(s.sums[i][:0], n)[:n], -1
	}
	for y := range dst.H {
		row := rows.cubic(t.Y+y, 1)
		var lines [4][]int32
		for i, want := range row.at {
			if s.held[want&3] != want {
				cubicHorizontal(s.sums[want&3], rowOf(src, r, int(want)), s.cols, src.C)
				s.held[want&3] = want
			}
			lines[i] = s.sums[want&3]
		}
		cubicVertical(dst.Row(y), lines, row.weight, min(max((t.W*dst.C)&^7-t.X*dst.C, 0), n))
	}
}

// cubic is the tap of output d: Keys' cubic with a = -0.75 in float32, each weight rounded by itself. Positions outside are moved to the border.
func (a cv2Axis) cubic(d, step int) (tap cubicTap) {
	i, x := a.position(d)
	const A = float32(-0.75)
	var w [4]float32
	w[0] = float32(float32(float32(A*(x+1)-5*A)*(x+1)+8*A)*(x+1)) - 4*A
	w[1] = float32(float32(float32(float32((A+2)*x)-(A+3))*x)*x) + 1
	w[2] = float32(float32(float32(float32((A+2)*(1-x))-(A+3))*(1-x))*(1-x)) + 1
	w[3] = 1 - w[0] - w[1] - w[2]
	for k, v := range w {
		tap.at[k] = int32(min(max(i-1+k, 0), a.in-1) * step)
		tap.weight[k] = int32(math.RoundToEven(float64(v * cv2One)))
	}
	return tap
}

func cubicHorizontal(sums []int32, row []byte, taps []cubicTap, channels int) {
	for x := range taps {
		t := &taps[x]
		for c := range channels {
			var sum int32
			for k, at := range t.at {
				sum += int32(row[int(at)+c]) * t.weight[k]
			}
			sums[x*channels+c] = sum
		}
	}
}

// cubicVertical writes the weighted sum of four rows of horizontal sums. OpenCV's vector code, 8 bytes at a time, does it in float32, the rest
// of a whole row in whole numbers; vectored is where that begins.
func cubicVertical(dst []byte, rows [4][]int32, w [4]int32, vectored int) {
	const scale = float32(1) / (cv2One * cv2One)
	b0, b1, b2, b3 := float32(w[0])*scale, float32(w[1])*scale, float32(w[2])*scale, float32(w[3])*scale
	for i := range vectored {
		v := float32(float32(rows[3][i]) * b3)
		v = float32(float32(rows[2][i])*b2) + v
		v = float32(float32(rows[1][i])*b1) + v
		v = float32(float32(rows[0][i])*b0) + v
		dst[i] = byte(max(min(math.RoundToEven(float64(v)), 255), 0))
	}
	for i := vectored; i < len(dst); i++ {
		sum := rows[0][i]*w[0] + rows[1][i]*w[1] + rows[2][i]*w[2] + rows[3][i]*w[3]
		dst[i] = byte(max(min((sum+1<<21)>>22, 255), 0))
	}
}
