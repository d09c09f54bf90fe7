package augment

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/data/resize"
)

// testdata/make_eval.py computed the checksums with OpenCV 4.6 and Pillow 9.5.
func TestEvalEqualsMindSporeAndTorchvision(t *testing.T) {
	b, err := os.ReadFile("testdata/eval.json")
	require.NoError(t, err)
	var cases []struct {
		W, H, Size int
		CropPct    float64 `json:"crop_pct"`
		Filter     string
		CRC32      uint32
	}
	require.NoError(t, json.Unmarshal(b, &cases))
	require.NotEmpty(t, cases)
	var s Scratch
	for _, c := range cases {
		f, err := resize.Parse(c.Filter)
		require.NoError(t, err)
		img := pixel.New(c.W, c.H, 3)
		for i := range img.Pix {
			x, y := i/3%c.W, i/3/c.W
			img.Pix[i] = byte(37*x + 91*y + 13*x*y + 50*(i%3))
		}
		dst := make([]byte, c.Size*c.Size*3)
		Eval{Size: c.Size, CropPct: c.CropPct, Filter: f}.Apply(dst, img, &s)
		assert.Equal(t, c.CRC32, crc32.ChecksumIEEE(dst), fmt.Sprintf("%+v", c))
	}
}

func TestEvalGeometry(t *testing.T) {
	const cv2, pil = resize.CV2Linear, resize.PILBilinear
	for name, c := range map[string]struct {
		e    Eval
		w, h int
		want resize.Target
	}{
		"landscape":           {Eval{Size: 224, CropPct: 0.875, Filter: cv2}, 500, 375, resize.Target{W: 341, H: 256, X: 58, Y: 16}}, // 341.33
		"portrait":            {Eval{Size: 224, CropPct: 0.875, Filter: cv2}, 375, 500, resize.Target{W: 256, H: 341, X: 16, Y: 58}},
		"long side rounds up": {Eval{Size: 224, CropPct: 0.875, Filter: cv2}, 500, 333, resize.Target{W: 384, H: 256, X: 80, Y: 16}}, // 384.38
		"rounds away":         {Eval{Size: 224, CropPct: 0.875, Filter: cv2}, 513, 512, resize.Target{W: 257, H: 256, X: 16, Y: 16}}, // 256.5
		"pillow cuts":         {Eval{Size: 224, CropPct: 0.875, Filter: pil}, 513, 512, resize.Target{W: 256, H: 256, X: 16, Y: 16}},
		"pillow half to even": {Eval{Size: 224, CropPct: 0.875, Filter: pil}, 500, 375, resize.Target{W: 341, H: 256, X: 58, Y: 16}}, // 58.5
		"pillow half up":      {Eval{Size: 224, CropPct: 0.875, Filter: pil}, 343, 256, resize.Target{W: 343, H: 256, X: 60, Y: 16}}, // 59.5
		"192":                 {Eval{Size: 192, CropPct: 0.875, Filter: cv2}, 100, 100, resize.Target{W: 219, H: 219, X: 13, Y: 13}},
		"160":                 {Eval{Size: 160, CropPct: 0.875, Filter: cv2}, 100, 100, resize.Target{W: 182, H: 182, X: 11, Y: 11}},
		"128":                 {Eval{Size: 128, CropPct: 0.875, Filter: cv2}, 100, 100, resize.Target{W: 146, H: 146, X: 9, Y: 9}},
		"96":                  {Eval{Size: 96, CropPct: 0.875, Filter: cv2}, 100, 100, resize.Target{W: 109, H: 109, X: 6, Y: 6}},
		"border":              {Eval{Size: 10, CropPct: 2, Filter: cv2}, 10, 20, resize.Target{W: 5, H: 10, X: -3, Y: 0}},
		"pillow border of 1":  {Eval{Size: 24, CropPct: 1.04, Filter: pil}, 30, 30, resize.Target{W: 23, H: 23}},
		"pillow border":       {Eval{Size: 10, CropPct: 2, Filter: pil}, 10, 20, resize.Target{W: 5, H: 10, X: -2, Y: 0}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, c.e.Geometry(c.w, c.h)) })
	}
}

// The window that Eval computes equals the cut from the wholly resized image.
func TestEvalEqualsResizeThenCut(t *testing.T) {
	var s Scratch
	for _, f := range []resize.Filter{resize.CV2Linear, resize.CV2Nearest, resize.CV2Cubic, resize.CV2Area, resize.PILBilinear, resize.PILBicubic} {
		for _, pct := range []float64{0.875, 1, 1.04, 2.2} {
			img := noise(53, 38, 3, 4)
			e := Eval{Size: 24, CropPct: pct, Filter: f}
			got := make([]byte, 24*24*3)
			for i := range got {
				got[i] = 99 // must all be overwritten
			}
			e.Apply(got, img, &s)
			at := e.Geometry(53, 38)
			full := pixel.New(at.W, at.H, 3)
			resize.Crop(full, img, img.Bounds(), f, new(resize.Scratch))
			for i := range 24 * 24 {
				x, y := i%24+at.X, i/24+at.Y
				want := []byte{0, 0, 0}
				if x >= 0 && y >= 0 && x < at.W && y < at.H {
					want = full.Row(y)[3*x : 3*x+3]
				}
				require.Equal(t, want, got[3*i:3*i+3], "%v crop_pct %v (%d,%d)", f, pct, x, y)
			}
		}
	}
}

// Very long images must not make the whole resized picture.
func TestEvalOfALine(t *testing.T) {
	img := noise(60000, 1, 3, 5)
	for _, f := range []resize.Filter{resize.CV2Linear, resize.PILBilinear} {
		var s Scratch
		got := make([]byte, 24*24*3)
		Eval{Size: 24, CropPct: 0.875, Filter: f}.Apply(got, img, &s)
		for i, v := range got { // OpenCV's shifts drop a little more or less in each row
			require.InDelta(t, got[i%(24*3)], v, 1, "all rows of a one-row picture are equal")
		}
	}
}

func BenchmarkEval(b *testing.B) {
	img, dst := noise(500, 375, 3, 8), make([]byte, 224*224*3)
	for _, f := range []resize.Filter{resize.CV2Linear, resize.PILBilinear} {
		b.Run(f.String(), func(b *testing.B) {
			var s Scratch
			for b.Loop() {
				Eval{Size: 224, CropPct: 0.875, Filter: f}.Apply(dst, img, &s)
			}
		})
	}
}
