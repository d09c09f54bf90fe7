package jpeg

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/internal/shareddata"
)

// The pictures beside the shared images are what libjpeg-turbo 2.1.5 decodes from them.
func TestSharedImages(t *testing.T) {
	var d Decoder
	for file, golden := range map[string]string{
		"444.jpg": "444.decoded.png", "420.jpg": "420.decoded.png", "gray.jpg": "gray.decoded.png",
		"progressive.jpg": "progressive.decoded.png", "cmyk-adobe0.jpg": "cmyk-adobe0.decoded.png", "no-eoi.jpg": "444.decoded.png",
	} {
		t.Run(file, func(t *testing.T) {
			b := readFile(t, shareddata.Path(t, "images/"+file))
			got, err := d.Decode(b, nil)
			require.NoError(t, err)
			requireEqual(t, readPNG(t, shareddata.Path(t, "images/"+golden)), got)
		})
	}
}

// The small pictures were written and read back by Pillow; ../decode/testdata/make_images.py says how.
func TestSmallImages(t *testing.T) {
	files, err := filepath.Glob("../decode/testdata/*.jpg")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var d Decoder
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".jpg"), func(t *testing.T) {
			got, err := d.Decode(readFile(t, name), nil)
			require.NoError(t, err)
			requireEqual(t, readPNG(t, name+".golden.png"), got)
		})
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

func readPNG(t testing.TB, path string) pixel.Image {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(readFile(t, path)))
	require.NoError(t, err)
	return fromStandard(m)
}

// fromStandard copies the colours that m itself says it has.
func fromStandard(m image.Image) pixel.Image {
	size := m.Bounds().Size()
	out := pixel.New(size.X, size.Y, 3)
	for y := range size.Y {
		row := out.Row(y)
		for x := range size.X {
			r, g, b, _ := m.At(x, y).RGBA()
			row[3*x], row[3*x+1], row[3*x+2] = byte(r>>8), byte(g>>8), byte(b>>8)
		}
	}
	return out
}

// requireEqual fails at the first byte that differs.
func requireEqual(t testing.TB, want, got pixel.Image) {
	t.Helper()
	require.NoError(t, got.Check())
	require.Equal(t, want.Bounds(), got.Bounds())
	for i, v := range got.Pix {
		if v != want.Pix[i] {
			t.Fatalf("pixel (%d, %d) channel %d: %d, want %d", i/3%want.W, i/3/want.W, i%3, v, want.Pix[i])
		}
	}
}
