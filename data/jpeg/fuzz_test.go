package jpeg

import (
	"bytes"
	"image/jpeg"
	"strings"
	"testing"

	"mnv2/data/pixel"
)

// FuzzDecode feeds arbitrary bytes: the result is a whole picture within the limits, or an error. Parts are equal to the crops,
// and what the standard library refuses or takes, this package does, with the exceptions that doc.go names.
func FuzzDecode(f *testing.F) {
	for _, name := range smallFiles(f) {
		f.Add(readFile(f, name), uint16(3), uint16(5))
	}
	d := Decoder{MaxPixels: 1 << 14}
	f.Fuzz(func(t *testing.T, b []byte, x, y uint16) {
		img, err := d.Decode(b, nil)
		c, headerErr := DecodeConfig(b)
		if err == nil && (headerErr != nil || img.W != c.Width || img.H != c.Height) {
			t.Fatalf("header %+v, %v; the picture is %dx%d", c, headerErr, img.W, img.H)
		}
		if headerErr == nil && int64(c.Width)*int64(c.Height) > d.MaxPixels {
			if err == nil {
				t.Fatalf("%dx%d is above the limit", c.Width, c.Height)
			}
			return
		}
		if err != nil {
			requireLikeStandard(t, b, err)
			return
		}
		r := pixel.Rect{X: int(x) % img.W, Y: int(y) % img.H}
		r.W, r.H = 1+int(y)%(img.W-r.X), 1+int(x)%(img.H-r.Y)
		requireRegion(t, &d, b, img, r)
	})
}

// Reasons to refuse a file that the standard library takes: it looks less closely, passes over damage, or reads what is missing
// as if it were there.
var stricter = []string{
	"huffman table", "quantisation table", "bad Huffman code", "short Huffman data", "not a step of a progression",
	"only whole ratios", "scans: more than", "blocks in an MCU", "two start markers", "both sides must be", "in place of restart marker",
}

func requireLikeStandard(t *testing.T, b []byte, err error) {
	t.Helper()
	for _, reason := range stricter {
		if strings.Contains(err.Error(), reason) {
			return
		}
	}
	if _, other := jpeg.Decode(bytes.NewReader(b)); other == nil {
		t.Fatalf("the standard library takes what is refused here: %v", err)
	}
}
