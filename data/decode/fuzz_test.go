package decode

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"mnv2/data/pixel"
)

// FuzzImage feeds arbitrary bytes: the result is a whole picture of the probed size within the limits, or an ErrImage. A part
// is equal to the crop.
func FuzzImage(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		if filepath.Ext(name) != ".py" {
			f.Add(readFile(f, name))
		}
	}
	limits := Limits{MaxPixels: 1 << 14, MaxBytes: 1 << 16}
	f.Fuzz(func(t *testing.T, b []byte) {
		img, err := Image(b, "fuzz", limits)
		if err != nil {
			if !errors.Is(err, ErrImage) {
				t.Fatalf("not an ErrImage: %v", err)
			}
			return
		}
		if err := img.Check(); err != nil || img.C != 3 || int64(img.W*img.H) > limits.MaxPixels {
			t.Fatalf("image %dx%dx%d: %v", img.W, img.H, img.C, err)
		}
		if _, w, h, err := Probe(b); err != nil || w != img.W || h != img.H {
			t.Fatalf("probe says %dx%d, %v; the image is %dx%d", w, h, err, img.W, img.H)
		}
		r := pixel.Rect{X: img.W / 3, Y: img.H / 3, W: img.W - img.W/2, H: img.H - img.H/2}
		part, err := ImageRegion(b, "fuzz", limits, func(int, int) pixel.Rect { return r }, new(Scratch))
		if err != nil {
			t.Fatalf("region %v of a good image: %v", r, err)
		}
		for y := range r.H {
			if !bytes.Equal(part.Row(y), img.Row(r.Y + y)[3*r.X:3*(r.X+r.W)]) {
				t.Fatalf("row %d of region %v differs", y, r)
			}
		}
	})
}
