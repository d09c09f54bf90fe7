package resize

import (
	"math"
	"slices"

	"mnv2/data/pixel"
)

// nearestWindow is Window for CV2Nearest.
func nearestWindow(dst, src pixel.Image, r pixel.Rect, t Target, s *Scratch) {
	cols, rows := newCV2Axis(r.W, t.W, false), newCV2Axis(r.H, t.H, false)
	at := slices.Grow(s.cv2.near[:0], dst.W)[:dst.W]
	s.cv2.near = at
	for x := range at {
		at[x] = int32(cols.nearest(t.X+x) * src.C)
	}
	for y := range dst.H {
		row, out := rowOf(src, r, rows.nearest(t.Y+y)), dst.Row(y)
		for x, from := range at {
			copy(out[x*dst.C:(x+1)*dst.C], row[from:])
		}
	}
}

// nearest is the source position of output d: floor(d*scale).
func (a cv2Axis) nearest(d int) int {
	return min(int(math.Floor(float64(d)*a.scale)), a.in-1)
}
