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
	d := jpegDecoders.Get().(*jpeg.Decoder)
	defer jpegDecoders.Put(d)
	return d.Decode(b, nil)
}

func decodeJPEGRegion(b []byte, r pixel.Rect, s *Scratch) (pixel.Image, error) {
	s.jpeg.MaxPixels = math.MaxInt64
	img, err := s.jpeg.DecodeRegion(b, r, s.pix)
	if err == nil {
		s.pix = img.Pix
	}
	return img, err
}
