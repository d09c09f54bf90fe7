package resize

import (
	"encoding/json"
	"hash/crc32"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/internal/golden"
)

// testdata/golden/augment.json holds what MindSpore's Resize made.
func TestFiltersEqualMindSpore(t *testing.T) {
	b, err := os.ReadFile(golden.Path(t, "augment.json"))
	require.NoError(t, err)
	var file struct {
		Cases []struct {
			Op, Inter    string
			W, H, TW, TH int
			CRC32        uint32
		}
	}
	require.NoError(t, json.Unmarshal(b, &file))
	var s Scratch
	n := 0
	for _, c := range file.Cases {
		if c.Op != "resize" {
			continue
		}
		n++
		f, err := Parse(c.Inter)
		require.NoError(t, err)
		size := max(c.W, c.H)
		whole := pixel.Image{Pix: golden.Images("augment", 1, size), W: size, H: size, C: 3}
		dst := pixel.New(c.TW, c.TH, 3)
		Crop(dst, whole, pixel.Rect{W: c.W, H: c.H}, f, &s)
		if crc32.ChecksumIEEE(dst.Pix) != c.CRC32 {
			t.Errorf("%s %dx%d to %dx%d differs", c.Inter, c.W, c.H, c.TW, c.TH)
		}
		// A part of the result is the part of the result.
		part, at := pixel.New((c.TW+1)/2, (c.TH+1)/2, 3), Target{W: c.TW, H: c.TH, X: c.TW / 3, Y: c.TH / 4}
		Window(part, whole, pixel.Rect{W: c.W, H: c.H}, at, f, &s)
		for y := range part.H {
			require.Equal(t, dst.Row(at.Y + y)[3*at.X:3*(at.X+part.W)], part.Row(y), "%s row %d", c.Inter, y)
		}
	}
	require.Greater(t, n, 30)
}
