package decode

import (
	"fmt"

	"mnv2/data/pixel"
)

// ImageRegion decodes a part of b to three channels: choose is told the size of the picture and returns the part. The bytes are
// those that Image gives there, but of a JPEG little more than the part is decoded, so that damage beyond it may go
// unnoticed; a file that was cut short is refused all the same. Errors are as from Image; a part that is not inside the
// picture is the caller's error, which does not wrap ErrImage.
func ImageRegion(b []byte, name string, limits Limits, choose func(w, h int) pixel.Rect) (pixel.Image, error) {
	f, w, h, err := limits.open(b)
	if err != nil {
		return pixel.Image{}, fmt.Errorf("image %q: %w: %w", name, ErrImage, err)
	}
	r := choose(w, h)
	if max(r.X, r.W) > w || max(r.Y, r.H) > h || !r.Within(pixel.Rect{W: w, H: h}) { // the first two, so that no sum overflows
		return pixel.Image{}, fmt.Errorf("image %q: region %dx%d at (%d, %d) is not inside the picture of %dx%d", name, r.W, r.H, r.X, r.Y, w, h)
	}
	img, err := f.decodeRegion(b, r)
	if err != nil {
		return pixel.Image{}, fmt.Errorf("image %q: %w: %w", name, ErrImage, f.failed(w, h, err, len(b)))
	}
	return img, nil
}

// decodeRegion decodes everything and cuts r out, unless the format can do better.
func (f format) decodeRegion(b []byte, r pixel.Rect) (pixel.Image, error) {
	if f.region != nil {
		return f.region(b, r)
	}
	img, err := f.decode(b)
	if err != nil || r == img.Bounds() {
		return img, err
	}
	out := pixel.New(r.W, r.H, img.C)
	for y := range r.H {
		copy(out.Row(y), img.Row(r.Y + y)[r.X*img.C:])
	}
	return out, nil
}
