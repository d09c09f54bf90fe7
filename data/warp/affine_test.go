package warp

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/internal/golden"
)

// picture is one of make_augment.py's.
func picture(name string, w, h int) pixel.Image {
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

// testdata/golden/augment.json holds what MindSpore made.
func TestMovesEqualMindSpore(t *testing.T) {
	b, err := os.ReadFile(golden.Path(t, "augment.json"))
	require.NoError(t, err)
	var file struct {
		Cases []struct {
			Op, Inter, Picture string
			Arg                float64
			W, H               int
			CRC32              uint32
		}
	}
	require.NoError(t, json.Unmarshal(b, &file))
	filters := map[string]Filter{"nearest": Nearest, "bilinear": Linear, "area": Linear, "bicubic": Cubic}
	var s Scratch
	n := 0
	for _, c := range file.Cases {
		fill := [3]byte{124, 116, 104}
		var m Matrix
		switch c.Op {
		case "shear_x":
			m = ShearX(c.W, c.H, -c.Arg)
		case "shear_y":
			m = ShearY(c.W, c.H, c.Arg)
		case "translate_x":
			m = TranslateX(c.W, c.H, c.Arg)
		case "translate_y":
			m = TranslateY(c.W, c.H, c.Arg)
		case "rotate":
			m = Rotation(c.W, c.H, c.Arg)
			fill[0], fill[2] = fill[2], fill[0] // MindSpore has it so
		default:
			continue
		}
		src := picture(c.Picture, c.W, c.H)
		dst := pixel.New(c.W, c.H, 3)
		Affine(dst, src, m, filters[c.Inter], fill, &s)
		if dir := os.Getenv("MNV2_PICTURES"); dir != "" && crc32.ChecksumIEEE(dst.Pix) != c.CRC32 {
			compare(t, dst, fmt.Sprintf("%s/%s,%v,%s,%s,%d.rgb", dir, c.Op, c.Arg, c.Inter, c.Picture, c.W))
		}
		if crc32.ChecksumIEEE(dst.Pix) != c.CRC32 {
			t.Errorf("%s %v %s, %s picture of %dx%d differs", c.Op, c.Arg, c.Inter, c.Picture, c.W, c.H)
		}
		n++
	}
	require.Greater(t, n, 200)
}

// compare shows how far a picture is from the file that make_augment.py wrote of it.
func compare(t *testing.T, m pixel.Image, path string) {
	want, err := os.ReadFile(path)
	if err != nil {
		t.Log(err)
		return
	}
	n, most := 0, 0.
	for i, v := range m.Pix {
		if v != want[i] {
			n, most = n+1, max(most, math.Abs(float64(v)-float64(want[i])))
		}
	}
	t.Logf("%s: %d of %d bytes differ by up to %v", path, n, len(m.Pix), most)
}
