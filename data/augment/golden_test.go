package augment

import (
	"encoding/json"
	"hash/crc32"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/internal/golden"
)

// goldenCase is a picture that MindSpore made: see testdata/golden/make_augment.py.
type goldenCase struct {
	Op, Inter, Picture string
	Arg                float64
	W, H, TW, TH       int
	CRC32              uint32
}

func goldenCases(t *testing.T) []goldenCase {
	b, err := os.ReadFile(golden.Path(t, "augment.json"))
	require.NoError(t, err)
	var file struct{ Cases []goldenCase }
	require.NoError(t, json.Unmarshal(b, &file))
	return file.Cases
}

// goldenPicture is one of make_augment.py's.
func goldenPicture(name string, w, h int) pixel.Image {
	size := max(w, h)
	whole := pixel.Image{Pix: golden.Images("augment", 1, size), W: size, H: size, C: 3}
	m := pixel.New(w, h, 3)
	for y := range h {
		copy(m.Row(y), whole.Row(y))
	}
	if name == "dull" {
		for i, v := range m.Pix {
			m.Pix[i] = 60 + v/3
		}
	}
	return m
}

func TestOperationsEqualMindSpore(t *testing.T) {
	var s Scratch
	ops := map[string]func(m pixel.Image, arg float64){
		"auto_contrast": func(m pixel.Image, _ float64) { AutoContrast(m) },
		"invert":        func(m pixel.Image, _ float64) { Invert(m) },
		"equalize":      func(m pixel.Image, _ float64) { Equalize(m) },
		"solarize":      func(m pixel.Image, t float64) { Solarize(m, int(t)) },
		"posterize":     func(m pixel.Image, bits float64) { Posterize(m, int(bits)) },
		"contrast":      Contrast,
		"brightness":    Brightness,
		"color":         Color,
		"sharpness":     func(m pixel.Image, f float64) { Sharpness(m, f, &s) },
		"blur":          func(m pixel.Image, sigma float64) { Blur(m, sigma, &s) },
	}
	seen := map[string]int{}
	for _, c := range goldenCases(t) {
		op, ok := ops[c.Op]
		if !ok {
			continue
		}
		m := goldenPicture(c.Picture, c.W, c.H)
		op(m, c.Arg)
		if crc32.ChecksumIEEE(m.Pix) != c.CRC32 {
			t.Errorf("%s %v, %s picture of %dx%d differs", c.Op, c.Arg, c.Picture, c.W, c.H)
		}
		seen[c.Op]++
	}
	require.Len(t, seen, len(ops))
}
