package decode

import (
	"image"

	"mnv2/data/pixel"
)

// fromYCbCr upsamples chroma and converts to RGB as libjpeg-turbo does by default ("fancy" upsampling).
func fromYCbCr(m *image.YCbCr) pixel.Image {
	out := pixel.New(m.Rect.Dx(), m.Rect.Dy(), 3)
	up := newUpsampler(m)
	cb, cr := make([]byte, up.rowBytes()), make([]byte, up.rowBytes())
	for y := range out.H {
		luma := m.Y[y*m.YStride : y*m.YStride+out.W]
		rgbRow(out.Row(y), luma, up.row(m.Cb, cb, y), up.row(m.Cr, cr, y))
	}
	return out
}

// rgbRow converts one row with libjpeg's 16-bit fixed-point constants:
// R = Y + 1.402 (Cr-128), G = Y - 0.344136 (Cb-128) - 0.714136 (Cr-128), B = Y + 1.772 (Cb-128), rounded and clamped.
func rgbRow(dst, luma, cb, cr []byte) {
	cb, cr = cb[:len(luma)], cr[:len(luma)]
	for i, yy := range luma {
		y, b, r := int32(yy), int32(cb[i])-128, int32(cr[i])-128
		d := dst[3*i : 3*i+3 : 3*i+3]
		d[0] = clamp(y + (91881*r+32768)>>16)
		d[1] = clamp(y + (-22554*b-46802*r+32768)>>16)
		d[2] = clamp(y + (116130*b+32768)>>16)
	}
}

func clamp(v int32) byte {
	if uint32(v) > 255 {
		if v < 0 {
			return 0
		}
		return 255
	}
	return byte(v)
}

// upsampler stretches chroma planes to full size, a row at a time.
type upsampler struct {
	h, v           int // chroma is this many times smaller
	width, cw, ch  int // width of the picture, size of the chroma planes
	stride         int
	isWide, isTall bool  // which direction is interpolated; the others are repeated
	sums           []int // vertical sums of one row, 4:2:0 only
}

func newUpsampler(m *image.YCbCr) *upsampler {
	u := &upsampler{h: 1, v: 1, width: m.Rect.Dx(), stride: m.CStride}
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		u.h = 2
	case image.YCbCrSubsampleRatio420:
		u.h, u.v = 2, 2
	case image.YCbCrSubsampleRatio440:
		u.v = 2
	case image.YCbCrSubsampleRatio411:
		u.h = 4
	case image.YCbCrSubsampleRatio410:
		u.h, u.v = 4, 2
	}
	u.cw, u.ch = (u.width+u.h-1)/u.h, (m.Rect.Dy()+u.v-1)/u.v
	// libjpeg interpolates the ratios 2x1, 2x2 and 1x2, the first two only in planes wider than two samples.
	u.isWide = u.h == 2 && u.cw > 2
	u.isTall = u.v == 2 && (u.isWide || u.h == 1)
	if u.isWide && u.isTall {
		u.sums = make([]int, u.cw)
	}
	return u
}

func (u *upsampler) rowBytes() int { return u.cw * u.h }

// row returns row y of plane in full width: a part of plane itself if nothing has to be done, else buf.
func (u *upsampler) row(plane, buf []byte, y int) []byte {
	n := y / u.v
	near := u.planeRow(plane, n)
	if !u.isTall {
		return u.wide(near, buf)
	}
	f, odd := n-1, 0
	if y%2 == 1 {
		f, odd = n+1, 1
	}
	far := u.planeRow(plane, min(max(f, 0), u.ch-1))
	if u.isWide {
		u.both(near, far, buf)
		return buf
	}
	for i, c := range near {
		buf[i] = byte((3*int(c) + int(far[i]) + 1 + odd) >> 2)
	}
	return buf
}

func (u *upsampler) planeRow(plane []byte, y int) []byte {
	return plane[y*u.stride : y*u.stride+u.cw]
}

// wide doubles a row: every result is 3/4 the sample it lies in and 1/4 the next nearest one; or it repeats samples.
func (u *upsampler) wide(c, out []byte) []byte {
	if u.h == 1 {
		return c
	}
	if !u.isWide {
		for i := range out {
			out[i] = c[i/u.h]
		}
		return out
	}
	last := len(c) - 1
	prev := int(c[0])
	for i := range last {
		v, next := int(c[i]), int(c[i+1])
		out[2*i] = byte((3*v + prev + 1) >> 2)
		out[2*i+1] = byte((3*v + next + 2) >> 2)
		prev = v
	}
	out[2*last] = byte((3*int(c[last]) + prev + 1) >> 2)
	out[0], out[2*last+1] = c[0], c[last]
	return out
}

// both doubles a row in width after mixing it 3:1 with the nearest other row. Between the two steps nothing is rounded.
func (u *upsampler) both(near, far, out []byte) {
	s := u.sums
	near, far = near[:len(s)], far[:len(s)]
	for i := range s {
		s[i] = 3*int(near[i]) + int(far[i])
	}
	last := len(s) - 1
	prev := s[0]
	for i := range last {
		v, next := s[i], s[i+1]
		o := out[2*i : 2*i+2 : 2*i+2]
		o[0] = byte((3*v + prev + 8) >> 4)
		o[1] = byte((3*v + next + 7) >> 4)
		prev = v
	}
	out[2*last] = byte((3*s[last] + prev + 8) >> 4)
	out[2*last+1] = byte((4*s[last] + 7) >> 4)
}
