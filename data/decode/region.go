package decode

import (
	"fmt"
	"slices"

	"mnv2/data/jpeg"
	"mnv2/data/pixel"
)

// maxKept is the memory for pixels above which a Scratch gives it up before the next picture.
const maxKept = 64 << 20

// Scratch is memory that ImageRegion needs and keeps between calls. The zero value is ready; it must not be shared by goroutines.
type Scratch struct {
	jpeg jpeg.Decoder
	pix  []byte
}

// ImageRegion decodes a part of b to three channels: choose is told the size of the picture and returns the part. The bytes are
// those that Image gives there, but of a JPEG little more than the part is decoded, so that damage beyond it may go
// unnoticed; a file that was cut short is refused all the same. Errors are as from Image; a part that is not inside the
// picture is the caller's error, which does not wrap ErrImage.
//
// The pixels may be in the memory of s: they are good until the next call with it.
func ImageRegion(b []byte, name string, limits Limits, choose func(w, h int) pixel.Rect, s *Scratch) (pixel.Image, error) {
	f, w, h, err := limits.open(b)
	if err != nil {
		return pixel.Image{}, fmt.Errorf("image %q: %w: %w", name, ErrImage, err)
	}
	r := choose(w, h)
	if !r.Within(pixel.Rect{W: w, H: h}) {
		return pixel.Image{}, fmt.Errorf("image %q: region %dx%d at (%d, %d) is not inside the picture of %dx%d", name, r.W, r.H, r.X, r.Y, w, h)
	}
	if cap(s.pix) > maxKept {
		s.pix = nil
	}
	img, err := f.decodeRegion(b, r, s)
	if err != nil {
		return pixel.Image{}, fmt.Errorf("image %q: %w: %w", name, ErrImage, f.failed(w, h, err, len(b)))
	}
	return img, nil
}

// decodeRegion decodes everything and cuts r out, unless the format can do better.
func (f format) decodeRegion(b []byte, r pixel.Rect, s *Scratch) (pixel.Image, error) {
	if f.region != nil {
		return f.region(b, r, s)
	}
	img, err := f.decode(b)
	if err != nil || r == img.Bounds() {
		return img, err
	}
	out := s.image(r.W, r.H, img.C)
	for y := range r.H {
		copy(out.Row(y), img.Row(r.Y + y)[r.X*img.C:])
	}
	return out, nil
}

// image returns an image in the scratch memory, with undefined content.
func (s *Scratch) image(w, h, c int) pixel.Image {
	s.pix = slices.Grow(s.pix[:0], w*h*c)[:w*h*c]
	return pixel.Image{Pix: s.pix, W: w, H: h, C: c}
}
