package decode

import (
	"math"
	"sync"

	"mnv2/data/jpeg"
	"mnv2/data/pixel"
)

// jpegDecoders are at rest. A decoder keeps its memory from picture to picture.
var jpegDecoders = sync.Pool{New: func() any {
	return &jpeg.Decoder{MaxPixels: math.MaxInt64} // the size has been checked
}}

func jpegSize(b []byte) (w, h int, err error) {
	c, err := jpeg.DecodeConfig(b)
	return c.Width, c.Height, err
}

func decodeJPEG(b []byte) (pixel.Image, error) {
	t := turbo()
	if t.err != nil {
		return pixel.Image{}, t.err
	}
	if w, h, err := jpegSize(b); t.lib != nil && err == nil {
		if img, ok := t.decodeTurbo(b, pixel.Rect{W: w, H: h}, nil); ok {
			return img, nil
		}
	}
	d := jpegDecoders.Get().(*jpeg.Decoder)
	defer jpegDecoders.Put(d)
	return d.Decode(b, nil)
}

func decodeJPEGRegion(b []byte, r pixel.Rect, s *Scratch) (pixel.Image, error) {
	t := turbo()
	if t.err != nil {
		return pixel.Image{}, t.err
	}
	if img, ok := t.decodeTurbo(b, r, s.pix); ok {
		s.pix = img.Pix
		return img, nil
	}
	s.jpeg.MaxPixels = math.MaxInt64
	img, err := s.jpeg.DecodeRegion(b, r, s.pix)
	if err == nil {
		s.pix = img.Pix
	}
	return img, err
}
