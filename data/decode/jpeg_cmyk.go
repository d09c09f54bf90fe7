package decode

import (
	"bytes"
	"image"

	"mnv2/data/pixel"
)

// asPlainCMYK returns a copy of a four-component file that tells the standard library to leave the colours alone. It
// refuses files without an Adobe segment and would convert YCCK with its own, coarser formulas; with the transform byte 0
// it hands out the stored numbers (each as 255 - v, with chroma repeated where it was subsampled).
func asPlainCMYK(b []byte, f frame) []byte {
	if len(f.adobe) == 0 {
		const segment = "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
		return bytes.Join([][]byte{b[:2], b[2:]}, []byte(segment))
	}
	b = bytes.Clone(b)
	for _, at := range f.adobe {
		b[at] = 0
	}
	return b
}

// fromCMYK converts stored ink numbers to RGB. With an Adobe segment they are inverted: R = C*K/255, and so on.
// Without one R = (255-C)*(255-K)/255. If the transform byte is not 0 the first three are YCbCr of the inverse of CMY.
func fromCMYK(m *image.CMYK, f frame) pixel.Image {
	if len(f.adobe) > 0 && f.transform != 0 {
		return fromYCCK(m, f)
	}
	isInverted := len(f.adobe) > 0
	out := pixel.New(m.Rect.Dx(), m.Rect.Dy(), 3)
	for i, p := 0, m.Pix; i < len(out.Pix); i, p = i+3, p[4:] {
		c, mg, ye, k := p[0], p[1], p[2], p[3] // 255 - stored
		if isInverted {
			c, mg, ye, k = 255-c, 255-mg, 255-ye, 255-k
		}
		out.Pix[i], out.Pix[i+1], out.Pix[i+2] = times(c, k), times(mg, k), times(ye, k)
	}
	return out
}

// fromYCCK converts YCbCr to RGB as for any JPEG, which gives the inverse of the stored inks, and applies black.
func fromYCCK(m *image.CMYK, f frame) pixel.Image {
	ratio, step := image.YCbCrSubsampleRatio444, 1
	if f.hv[0] != f.hv[1] { // the decoder takes no other factors than 1x1 and 2x2
		ratio, step = image.YCbCrSubsampleRatio420, 2
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	planes := image.NewYCbCr(image.Rect(0, 0, w, h), ratio)
	for y := range h {
		for x := range w {
			p := m.Pix[y*m.Stride+4*x:]
			planes.Y[y*planes.YStride+x] = 255 - p[0]
			if x%step == 0 && y%step == 0 {
				at := y/step*planes.CStride + x/step
				planes.Cb[at], planes.Cr[at] = 255-p[1], 255-p[2]
			}
		}
	}
	out := fromYCbCr(planes)
	for i := range w * h {
		k := 255 - m.Pix[4*i+3]
		for j := 3 * i; j < 3*i+3; j++ {
			out.Pix[j] = times(255-out.Pix[j], k)
		}
	}
	return out
}

// times returns a*b/255, rounded.
func times(a, b byte) byte {
	return byte((int(a)*int(b) + 127) / 255)
}
