package jpeg

import "mnv2/data/pixel"

// row returns row y of the picture in component c, the columns of r: a part of the plane where nothing has to be done, else
// upsampled into c.line.
//
// A sample that is interpolated is 3/4 of the one it lies in and 1/4 of the next nearest one, in each direction. At a border of
// the plane the sample itself stands for the missing one. Halves are rounded down and up in turn, so that there is no drift.
func (c *component) row(r pixel.Rect, y int) []byte {
	x0, x1 := c.columns(r)
	at := y / c.ratioV
	near := c.samples(at, x0, x1)
	far := near
	if c.isTall {
		at += 2*(y%2) - 1
		far = c.samples(min(max(at, 0), c.height-1), x0, x1)
	}
	if c.ratioH == 1 && !c.isTall {
		return near
	}
	c.line = resize(c.line, len(near)*c.ratioH)
	switch {
	case c.isWide && c.isTall:
		c.sums = resize(c.sums, len(near))
		widenBoth(c.line, near, far, c.sums)
	case c.isWide:
		widen(c.line, near)
	case c.isTall:
		heighten(c.line, near, far, uint(y%2))
	default:
		repeat(c.line, near, c.ratioH)
	}
	return c.line[r.X-x0*c.ratioH:][:r.W]
}

// samples returns samples x0 to x1 of row y of the plane.
func (c *component) samples(y, x0, x1 int) []byte {
	at := (y-8*c.need.y0)*c.stride - 8*c.need.x0
	return c.plane[at+x0 : at+x1+1]
}

// repeat writes every sample n times.
func repeat(dst, src []byte, n int) {
	for i, v := range src {
		for j := range dst[i*n : (i+1)*n] {
			dst[i*n+j] = v
		}
	}
}

// heighten mixes two rows. odd is 0 for the upper of the two rows that near covers and 1 for the lower.
func heighten(dst, near, far []byte, odd uint) {
	far, dst = far[:len(near)], dst[:len(near)]
	for i, v := range near {
		dst[i] = byte((3*uint(v) + uint(far[i]) + 1 + odd) >> 2)
	}
}

// widen doubles a row of two samples or more.
func widen(dst, src []byte) {
	last := len(src) - 1
	prev, v := uint(src[0]), uint(src[0])
	dst = dst[:2*len(src)]
	for i, b := range src[1:] {
		next := uint(b)
		d := dst[2*i : 2*i+2 : 2*i+2]
		d[0] = byte((3*v + prev + 1) >> 2)
		d[1] = byte((3*v + next + 2) >> 2)
		prev, v = v, next
	}
	dst[2*last] = byte((3*v + prev + 1) >> 2)
	dst[2*last+1] = byte(v)
}

// widenBoth mixes two rows as heighten does and doubles the result. Between the two steps nothing is rounded.
func widenBoth(dst, near, far []byte, sums []uint16) {
	far, sums = far[:len(near)], sums[:len(near)]
	for i, v := range near {
		sums[i] = 3*uint16(v) + uint16(far[i])
	}
	last := len(sums) - 1
	prev, v := uint(sums[0]), uint(sums[0])
	dst = dst[:2*len(sums)]
	for i, s := range sums[1:] {
		next := uint(s)
		d := dst[2*i : 2*i+2 : 2*i+2]
		d[0] = byte((3*v + prev + 8) >> 4)
		d[1] = byte((3*v + next + 7) >> 4)
		prev, v = v, next
	}
	dst[2*last] = byte((3*v + prev + 8) >> 4)
	dst[2*last+1] = byte((4*v + 7) >> 4)
}
