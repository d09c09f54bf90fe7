// Package decode turns encoded pictures into packed RGB bytes: JPEG, PNG, WebP, BMP and the first frame of GIF, told
// apart by their first bytes and never by their names (ImageNet holds a PNG called .JPEG).
//
// The bytes are those that libjpeg-turbo and libwebp produce; the standard library's would be off by up to 59 levels.
// Orientation tags (EXIF) are ignored and alpha is dropped without blending, as in MindSpore and torchvision.
//
//	img, err := decode.Image(b, "dog.jpg", decode.Limits{})
//	if errors.Is(err, decode.ErrImage) { ... } // the picture is bad, not the program
package decode

import (
	"errors"
	"fmt"

	"mnv2/data/pixel"
)

// ErrImage is wrapped by every error of this package: the bytes cannot be made into a picture.
var ErrImage = errors.New("cannot be decoded")

// Limits bound what a picture may cost. Zero fields mean the defaults.
type Limits struct {
	// MaxPixels is the largest width times height, checked before anything of that size is allocated. Default
	// 100 million. Decoding takes 4 to 18 bytes of memory per pixel.
	MaxPixels int64
	// MaxBytes is the largest encoded size. Default 256 MiB.
	MaxBytes int64
}

// The limits that zero fields stand for.
const (
	DefaultMaxPixels = 100_000_000
	DefaultMaxBytes  = 256 << 20
)

// Image decodes b to three channels. name is used in errors only; every error wraps ErrImage. The result does not share
// memory with b.
func Image(b []byte, name string, limits Limits) (pixel.Image, error) {
	img, err := decode(b, limits)
	if err != nil {
		return pixel.Image{}, fmt.Errorf("image %q: %w: %w", name, ErrImage, err)
	}
	return img, nil
}

// Probe reads the format and the size from the header of b without decoding the picture. format is jpeg, png, webp, bmp
// or gif. An error wraps ErrImage. A good header does not promise that the rest is good.
func Probe(b []byte) (format string, w, h int, err error) {
	f, w, h, err := probe(b)
	if err != nil {
		return f.name, 0, 0, fmt.Errorf("image header: %w: %w", ErrImage, err)
	}
	return f.name, w, h, nil
}

func decode(b []byte, limits Limits) (pixel.Image, error) {
	f, w, h, err := limits.open(b)
	if err != nil {
		return pixel.Image{}, err
	}
	img, err := f.decode(b)
	if err != nil {
		return pixel.Image{}, f.failed(w, h, err, len(b))
	}
	return img, nil
}

// open is probe for a picture that must keep the limits.
func (l Limits) open(b []byte) (f format, w, h int, err error) {
	if most := orDefault(l.MaxBytes, DefaultMaxBytes); int64(len(b)) > most {
		return f, 0, 0, fmt.Errorf("%d bytes are more than the limit of %d", len(b), most)
	}
	if f, w, h, err = probe(b); err != nil {
		return f, 0, 0, err
	}
	if most := orDefault(l.MaxPixels, DefaultMaxPixels); int64(w)*int64(h) > most {
		return f, 0, 0, fmt.Errorf("%s of %dx%d is more than the limit of %d pixels", f.name, w, h, most)
	}
	return f, w, h, nil
}

// failed says what could not be decoded.
func (f format) failed(w, h int, err error, size int) error {
	return fmt.Errorf("%s of %dx%d: %w", f.name, w, h, describe(err, size))
}

// probe finds the format of b and the size in its header.
func probe(b []byte) (f format, w, h int, err error) {
	if f, err = sniff(b); err != nil {
		return f, 0, 0, err
	}
	if w, h, err = f.size(b); err != nil {
		return f, 0, 0, fmt.Errorf("%s header: %w", f.name, describe(err, len(b)))
	}
	if w < 1 || h < 1 {
		return f, 0, 0, fmt.Errorf("%s of %dx%d: both sides must be at least 1", f.name, w, h)
	}
	return f, w, h, nil
}

func orDefault(v, otherwise int64) int64 {
	if v > 0 {
		return v
	}
	return otherwise
}
