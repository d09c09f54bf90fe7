package jpeg

import (
	"fmt"

	"mnv2/data/pixel"
)

// component is one of the planes of a picture. Sizes count samples or blocks of 8x8 samples.
type component struct {
	id      byte
	h, v    int // sampling factors
	quantAt int // which quantisation table

	ratioH, ratioV int  // how many pixels a sample covers
	isWide, isTall bool // which direction is interpolated; where one is not, samples are repeated
	w, height      int  // samples
	bw, bh         int  // blocks
	need           span // blocks that the wanted region is made from
	rows           int  // rows of blocks to be entropy-decoded, from the top

	isScanned bool      // a scan of it has begun, quant is set
	quant     quantiser // of the first scan, as in libjpeg
	missing   [64]int8  // 1 + number of low bits still to come; 0 = nothing came yet

	scratch
}

// scratch is the memory of a component, kept from picture to picture.
type scratch struct {
	plane  []byte // samples of the blocks in need
	stride int
	coefs  []int16  // progressive: 64 in zigzag order for each of bw x rows blocks
	line   []byte   // one upsampled row
	sums   []uint16 // of two rows
}

// span is a rectangle of blocks, x1 and y1 not included.
type span struct{ x0, y0, x1, y1 int }

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// place computes the sizes of c, and the part of it that the pixels of r are made from.
func (c *component) place(f *frame, r pixel.Rect) error {
	if f.maxH%c.h != 0 || f.maxV%c.v != 0 {
		return fmt.Errorf("component %d: sampling factors %dx%d beside %dx%d: only whole ratios are supported", c.id, c.h, c.v, f.maxH, f.maxV)
	}
	c.ratioH, c.ratioV = f.maxH/c.h, f.maxV/c.v
	c.w, c.height = ceilDiv(f.w*c.h, f.maxH), ceilDiv(f.h*c.v, f.maxV)
	c.bw, c.bh = ceilDiv(c.w, 8), ceilDiv(c.height, 8)
	// libjpeg interpolates the ratios 2x1, 2x2 and 1x2, the first two only in planes wider than two samples.
	c.isWide = c.ratioH == 2 && c.ratioV <= 2 && c.w > 2
	c.isTall = c.ratioV == 2 && (c.isWide || c.ratioH == 1)
	x0, x1 := c.columns(r)
	y0, y1 := r.Y/c.ratioV, (r.Y+r.H-1)/c.ratioV
	if c.isTall {
		y0, y1 = max(y0-1, 0), min(y1+1, c.height-1)
	}
	c.need = span{x0 / 8, y0 / 8, x1/8 + 1, y1/8 + 1}
	return nil
}

// columns returns the first and the last sample of a row that the pixels of r are made from.
func (c *component) columns(r pixel.Rect) (x0, x1 int) {
	x0, x1 = r.X/c.ratioH, (r.X+r.W-1)/c.ratioH
	if c.isWide {
		x0, x1 = max(x0-1, 0), min(x1+1, c.w-1)
	}
	return x0, x1
}

// allocate takes the memory for the plane and, in a progressive file, for the coefficients.
func (c *component) allocate(isProgressive bool) {
	c.stride = 8 * (c.need.x1 - c.need.x0)
	c.plane = resize(c.plane, c.stride*8*(c.need.y1-c.need.y0))
	if isProgressive {
		c.coefs = resize(c.coefs, 64*c.bw*c.rows)
		clear(c.coefs)
	}
}

// resize returns s with n elements; their values do not matter.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// contains reports whether block (x, y) is part of the span.
func (s *span) contains(x, y int) bool {
	return x >= s.x0 && x < s.x1 && y >= s.y0 && y < s.y1
}

// isAll reports whether the span is all of c.
func (s *span) isAll(c *component) bool { return *s == span{x1: c.bw, y1: c.bh} }

// at returns the samples from the first of block (x, y) on; the block is in c.need.
func (c *component) at(x, y int) []byte {
	return c.plane[8*((y-c.need.y0)*c.stride+x-c.need.x0):]
}
