package resize

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"image/png"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/internal/shareddata"
)

// The pattern is (37x + 91y + 13xy) mod 256; the expected rows were made with OpenCV 4.6.
func pattern(w, h, c int) pixel.Image {
	m := pixel.New(w, h, c)
	for i := range m.Pix {
		x, y := i/c%w, i/c/w
		m.Pix[i] = byte(37*x + 91*y + 13*x*y + 50*(i%c))
	}
	return m
}

func TestCV2LinearVectors(t *testing.T) {
	for _, c := range []struct {
		w, h, ow, oh int
		want         []byte
	}{
		{7, 5, 4, 4, []byte{26, 93, 133, 197, 146, 146, 102, 118, 105, 134, 118, 163, 129, 58, 183, 108}},
		{3, 2, 5, 4, []byte{0, 15, 37, 59, 74, 23, 39, 63, 87, 103, 68, 87, 115, 143, 162, 91, 111, 141, 171, 191}},
		{10, 6, 5, 3, []byte{67, 154, 113, 136, 95, 134, 145, 156, 103, 178, 137, 136, 135, 134, 133}},
	} {
		t.Run(fmt.Sprintf("%dx%d to %dx%d", c.w, c.h, c.ow, c.oh), func(t *testing.T) {
			dst := pixel.New(c.ow, c.oh, 1)
			Crop(dst, pattern(c.w, c.h, 1), pixel.Rect{W: c.w, H: c.h}, CV2Linear, new(Scratch))
			require.Equal(t, c.want, dst.Pix)
		})
	}
}

// testdata/make_resize.py computed the checksums with OpenCV 4.6 and Pillow 9.5.
func TestManySizes(t *testing.T) {
	b, err := os.ReadFile("testdata/resize.json")
	require.NoError(t, err)
	var cases []map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(b, &cases))
	require.NotEmpty(t, cases)
	var s Scratch
	for _, c := range cases {
		var from, to [2]int
		require.NoError(t, json.Unmarshal(c["src"], &from))
		require.NoError(t, json.Unmarshal(c["dst"], &to))
		src, dst := pattern(from[0], from[1], 3), pixel.New(to[0], to[1], 3)
		for f, name := range filterNames {
			if c[name] == nil {
				continue // golden_test.go has the others
			}
			var want uint32
			require.NoError(t, json.Unmarshal(c[name], &want))
			Crop(dst, src, src.Bounds(), f, &s)
			assert.Equal(t, want, crc32.ChecksumIEEE(dst.Pix), "%s %v to %v", name, from, to)
		}
	}
}

// The golden crops are listed with the shared images.
func TestGoldenCrops(t *testing.T) {
	var s Scratch
	for _, c := range []struct {
		image, crop string
		r           pixel.Rect
	}{
		{"444", "444-crop0", pixel.Rect{X: 101, Y: 44, W: 375, H: 326}},
		{"444", "444-crop1", pixel.Rect{X: 33, Y: 0, W: 452, H: 375}},
		{"420", "420-crop0", pixel.Rect{X: 31, Y: 0, W: 375, H: 313}},
		{"420", "420-crop1", pixel.Rect{X: 120, Y: 0, W: 320, H: 313}},
		{"gray", "gray-crop0", pixel.Rect{X: 127, Y: 0, W: 238, H: 299}},
	} {
		for f, suffix := range map[Filter]string{CV2Linear: "cv2linear", PILBilinear: "pil-bilinear", PILBicubic: "pil-bicubic"} {
			t.Run(c.crop+" "+suffix, func(t *testing.T) {
				src := readPNG(t, "images/"+c.image+".decoded.png")
				want := readPNG(t, "images/"+c.crop+"."+suffix+".png")
				dst := pixel.New(want.W, want.H, 3)
				Crop(dst, src, c.r, f, &s)
				require.Zero(t, differing(dst, want), "bytes that differ")
			})
		}
	}
}

// A grey image must give what each channel of a colour image gives.
func TestOneChannelEqualsThree(t *testing.T) {
	var s Scratch
	for f := range filterNames {
		for _, size := range [][2]int{{5, 4}, {40, 31}, {1, 1}, {17, 60}} {
			src := pattern(17, 31, 3)
			want := pixel.New(size[0], size[1], 3)
			Crop(want, src, pixel.Rect{X: 1, Y: 2, W: 16, H: 29}, f, &s)
			for c := range 3 {
				grey, got := pixel.New(17, 31, 1), pixel.New(size[0], size[1], 1)
				for i := range grey.Pix {
					grey.Pix[i] = src.Pix[3*i+c]
				}
				Crop(got, grey, pixel.Rect{X: 1, Y: 2, W: 16, H: 29}, f, &s)
				for i := range got.Pix {
					require.Equal(t, want.Pix[3*i+c], got.Pix[i], "%v %v channel %d byte %d", f, size, c, i)
				}
			}
		}
	}
}

// A window must be the same bytes as the cut from the whole.
func TestWindowEqualsCut(t *testing.T) {
	var s Scratch
	src := pattern(50, 33, 3)
	r := pixel.Rect{X: 3, Y: 1, W: 45, H: 30}
	for f := range filterNames {
		for _, whole := range []Target{{W: 20, H: 16}, {W: 45, H: 30}, {W: 45, H: 11}, {W: 9, H: 30}, {W: 101, H: 77}} {
			full := pixel.New(whole.W, whole.H, 3)
			Crop(full, src, r, f, &s)
			part := pixel.New(whole.W-4, whole.H-5, 3)
			Window(part, src, r, Target{whole.W, whole.H, 3, 4}, f, &s)
			for y := range part.H {
				require.Equal(t, full.Row(y + 4)[3*3:3*3+len(part.Row(y))], part.Row(y), "%v %+v row %d", f, whole, y)
			}
		}
	}
}

func TestSameSizeCopies(t *testing.T) {
	src := pattern(19, 23, 3)
	for f := range filterNames {
		dst := pixel.New(19, 23, 3)
		Crop(dst, src, src.Bounds(), f, new(Scratch))
		require.Equal(t, src.Pix, dst.Pix, f.String())
	}
}

func TestExtremeShapes(t *testing.T) {
	var s Scratch
	for f := range filterNames {
		for _, c := range [][4]int{{1, 1, 224, 224}, {1, 3000, 7, 5}, {3000, 1, 5, 7}, {2, 2, 1, 1}, {300, 2, 300, 1}} {
			src, dst := pixel.New(c[0], c[1], 3), pixel.New(c[2], c[3], 3)
			for i := range src.Pix {
				src.Pix[i] = 200
			}
			Crop(dst, src, src.Bounds(), f, &s)
			for i, v := range dst.Pix {
				require.EqualValues(t, 200, v, "%v %v byte %d: a flat picture must stay flat", f, c, i)
			}
		}
	}
}

func TestNoAllocations(t *testing.T) {
	src, dst := pattern(300, 200, 3), pixel.New(64, 64, 3)
	for f := range filterNames {
		var s Scratch
		Crop(dst, src, src.Bounds(), f, &s)
		assert.Zero(t, testing.AllocsPerRun(3, func() { Crop(dst, src, src.Bounds(), f, &s) }), f.String())
	}
}

func TestParse(t *testing.T) {
	for name, want := range map[string]Filter{
		"bilinear": CV2Linear, "Linear": CV2Linear, "cv2-linear": CV2Linear, "CV2": CV2Linear,
		"pil": PILBilinear, "pil_bilinear": PILBilinear, "pilcubic": PILBicubic, "PIL-bicubic": PILBicubic,
		"nearest": CV2Nearest, "bicubic": CV2Cubic, "cubic": CV2Cubic, "AREA": CV2Area,
	} {
		got, err := Parse(name)
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
	for f, name := range filterNames {
		got, err := Parse(name)
		require.NoError(t, err)
		assert.Equal(t, f, got)
		assert.Equal(t, name, f.String())
	}
	_, err := Parse("lanczos")
	require.ErrorContains(t, err, `resize filter "lanczos": not available (cv2-linear|`)
	assert.Equal(t, "Filter(9)", Filter(9).String())
}

func TestMisusePanics(t *testing.T) {
	var s Scratch
	src, dst := pattern(8, 8, 3), pixel.New(4, 4, 3)
	for name, call := range map[string]func(){
		"outside":  func() { Crop(dst, src, pixel.Rect{X: 1, W: 8, H: 8}, CV2Linear, &s) },
		"empty":    func() { Crop(dst, src, pixel.Rect{}, PILBilinear, &s) },
		"channels": func() { Crop(pixel.New(4, 4, 1), src, src.Bounds(), CV2Linear, &s) },
		"part":     func() { Window(dst, src, src.Bounds(), Target{5, 5, 2, 0}, CV2Linear, &s) },
	} {
		t.Run(name, func(t *testing.T) { require.Panics(t, call) })
	}
}

func readPNG(t testing.TB, name string) pixel.Image {
	t.Helper()
	f, err := os.Open(shareddata.Path(t, name))
	require.NoError(t, err)
	defer f.Close()
	img, err := png.Decode(f)
	require.NoError(t, err)
	m := pixel.New(img.Bounds().Dx(), img.Bounds().Dy(), 3)
	for i := range m.W * m.H {
		r, g, b, _ := img.At(i%m.W, i/m.W).RGBA()
		m.Pix[3*i], m.Pix[3*i+1], m.Pix[3*i+2] = byte(r>>8), byte(g>>8), byte(b>>8)
	}
	return m
}

func differing(a, b pixel.Image) (n int) {
	for i := range a.Pix {
		if a.Pix[i] != b.Pix[i] {
			n++
		}
	}
	return n
}
