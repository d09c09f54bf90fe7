package decode

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/png"
	"io"

	"golang.org/x/image/bmp"

	"mnv2/data/pixel"
)

// format is one kind of file: how it begins and the two things done with it.
type format struct {
	name   string
	begins func(b []byte) bool
	size   func(b []byte) (w, h int, err error)
	decode func(b []byte) (pixel.Image, error)
	region func(b []byte, r pixel.Rect, s *Scratch) (pixel.Image, error) // of part of the picture, nil where it saves nothing
}

var formats = []format{
	{"jpeg", prefix("\xff\xd8\xff"), jpegSize, decodeJPEG, decodeJPEGRegion},
	{"png", prefix("\x89PNG\r\n\x1a\n"), config(png.DecodeConfig), packed(png.Decode), nil},
	{"webp", isWebP, webpSize, decodeWebP, nil},
	{"bmp", prefix("BM"), config(bmp.DecodeConfig), packed(bmp.Decode), nil},
	{"gif", prefix("GIF8"), config(gif.DecodeConfig), decodeGIF, nil},
}

// Formats that people meet and that are not read here.
var foreign = []struct{ magic, name string }{
	{"\x1f\x8b", "gzip data"},
	{"PK\x03\x04", "a zip archive"},
	{"II*\x00", "a TIFF picture"},
	{"MM\x00*", "a TIFF picture"},
	{"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"},
	{"\xff\x0a", "a JPEG XL picture"},
	{"%PDF", "a PDF document"},
	{"<svg", "an SVG drawing"},
	{"<", "markup (a saved web page?)"},
}

var errFormat = errors.New("want jpeg, png, webp, bmp or gif")

// sniff picks the format by the first bytes of b.
func sniff(b []byte) (format, error) {
	if len(b) == 0 {
		return format{}, errors.New("the file is empty")
	}
	for _, f := range formats {
		if f.begins(b) {
			return f, nil
		}
	}
	for _, f := range foreign {
		if bytes.HasPrefix(b, []byte(f.magic)) {
			return format{}, fmt.Errorf("this is %s: %w", f.name, errFormat)
		}
	}
	if len(b) >= 12 && string(b[4:8]) == "ftyp" {
		return format{}, fmt.Errorf("this is a %q picture or film: %w", b[8:12], errFormat)
	}
	return format{}, fmt.Errorf("unknown first bytes % x: %w", b[:min(len(b), 8)], errFormat)
}

func prefix(magic string) func([]byte) bool {
	return func(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }
}

// config makes a size function of a library's DecodeConfig.
func config(read func(io.Reader) (image.Config, error)) func([]byte) (int, int, error) {
	return func(b []byte) (int, int, error) {
		c, err := read(bytes.NewReader(b))
		return c.Width, c.Height, err
	}
}

// packed makes a decode function of a library's Decode.
func packed(read func(io.Reader) (image.Image, error)) func([]byte) (pixel.Image, error) {
	return func(b []byte) (pixel.Image, error) {
		m, err := read(bytes.NewReader(b))
		if err != nil {
			return pixel.Image{}, err
		}
		return pack(m)
	}
}

// decodeGIF decodes the first frame and puts it at its place on a black canvas. Transparent pixels become black.
func decodeGIF(b []byte) (pixel.Image, error) {
	c, err := gif.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return pixel.Image{}, err
	}
	m, err := gif.Decode(bytes.NewReader(b))
	if err != nil {
		return pixel.Image{}, err
	}
	frame, err := pack(m)
	if err != nil {
		return pixel.Image{}, err
	}
	at := m.Bounds().Min
	out := pixel.New(c.Width, c.Height, 3)
	for y := range frame.H {
		copy(out.Row(at.Y + y)[3*at.X:], frame.Row(y))
	}
	return out, nil
}

// describe says of the readers' "unexpected EOF" what it means for a picture; other errors stay as they are.
func describe(err error, size int) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the data ends after %d bytes, before the picture does (a cut download?): %w", size, err)
	}
	return err
}
