package decode

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"

	"mnv2/data/pixel"
)

// errShort is what the standard library says when a scan stops before the picture is full.
var errShort = jpeg.FormatError("short Huffman data")

// maxScans bounds the time a progressive file may take: a scan of a few bytes can cost a pass over the whole picture.
// Encoders write about ten.
const maxScans = 200

func jpegSize(b []byte) (w, h int, err error) {
	f, err := readFrame(b)
	return f.w, f.h, err
}

// decodeJPEG takes the planes from the standard library and does the upsampling and colour conversion of libjpeg
// itself, because the standard library's repeat chroma samples and round differently.
func decodeJPEG(b []byte) (pixel.Image, error) {
	f, err := readFrame(b)
	if err != nil {
		return pixel.Image{}, err
	}
	scans, hasEnd := survey(b)
	if f.progressive && scans > maxScans {
		return pixel.Image{}, fmt.Errorf("%d scans: more than %d are not accepted", scans, maxScans)
	}
	if len(f.ids) == 4 {
		b = asPlainCMYK(b, f)
	}
	m, err := readPlanes(b, f, hasEnd)
	if err != nil {
		return pixel.Image{}, err
	}
	switch m := m.(type) {
	case *image.YCbCr:
		return fromYCbCr(m), nil
	case *image.CMYK:
		return fromCMYK(m, f), nil
	default: // *image.Gray, or *image.RGBA of a file that holds RGB as it is
		return pack(m)
	}
}

// readPlanes calls the standard library's decoder, which refuses a file that lacks only its end marker. Such a file is
// read once more with the marker appended, and accepted if all its scans are there and whole.
func readPlanes(b []byte, f frame, hasEnd bool) (image.Image, error) {
	m, err := jpeg.Decode(bytes.NewReader(b))
	switch {
	case err == errShort && !hasEnd:
		return nil, fmt.Errorf("%w (%w)", io.ErrUnexpectedEOF, err)
	case !errors.Is(err, io.ErrUnexpectedEOF):
		return m, err
	case !f.complete(b):
		return nil, err
	}
	m, again := jpeg.Decode(io.MultiReader(bytes.NewReader(b), bytes.NewReader([]byte{0xFF, markerEOI})))
	if again != nil {
		return nil, fmt.Errorf("%w (%w)", err, again)
	}
	return m, nil
}
