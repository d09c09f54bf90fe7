package decode

import (
	"errors"
	"path/filepath"
	"testing"
)

// FuzzImage feeds arbitrary bytes: the result is a whole picture of the probed size within the limits, or an ErrImage.
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
	})
}
