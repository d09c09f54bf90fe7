package jpeg

import (
	"bytes"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/internal/shareddata"
)

// Every kind of file, at all borders and at random places.
func TestRegionEqualsCrop(t *testing.T) {
	var d Decoder
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range smallFiles(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			b := readFile(t, name)
			whole, err := d.Decode(b, nil)
			require.NoError(t, err)
			for x := range whole.W {
				requireRegion(t, &d, b, whole, pixel.Rect{X: x, W: 1, H: whole.H})
			}
			for y := range whole.H {
				requireRegion(t, &d, b, whole, pixel.Rect{Y: y, W: whole.W, H: 1})
			}
			for range 50 {
				r := pixel.Rect{X: rng.IntN(whole.W), Y: rng.IntN(whole.H)}
				r.W, r.H = 1+rng.IntN(whole.W-r.X), 1+rng.IntN(whole.H-r.Y)
				requireRegion(t, &d, b, whole, r)
			}
		})
	}
}

func TestRegionOfPhotograph(t *testing.T) {
	var d Decoder
	for _, name := range []string{"444.jpg", "420.jpg", "progressive.jpg"} {
		t.Run(name, func(t *testing.T) {
			b := readFile(t, shareddata.Path(t, "images/"+name))
			whole, err := d.Decode(b, nil)
			require.NoError(t, err)
			for _, r := range []pixel.Rect{{X: 123, Y: 77, W: 224, H: 224}, {X: 0, Y: 0, W: 17, H: 33}, {X: 1, Y: 250, W: 400, H: 50}} {
				requireRegion(t, &d, b, whole, r)
			}
		})
	}
}

func TestRegionOutside(t *testing.T) {
	var d Decoder
	b := readFile(t, "testdata/planes.jpg")
	for _, r := range []pixel.Rect{{}, {X: -1, W: 2, H: 2}, {W: 38, H: 1}, {X: 36, Y: 28, W: 1, H: 2}, {W: 1}, {X: 1 << 62, W: 1 << 62, H: 1}} {
		_, err := d.DecodeRegion(b, r, nil)
		require.ErrorContains(t, err, "region", "%v", r)
	}
}

// What a region does not need may be damaged, but must be there.
func TestRegionOfDamagedFile(t *testing.T) {
	var d Decoder
	top := pixel.Rect{W: 8, H: 4}
	for _, name := range []string{"testdata/restart-rows.jpg", "testdata/progressive.jpg", "testdata/planes.jpg"} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			b := readFile(t, name)
			whole, err := d.Decode(b, nil)
			require.NoError(t, err)
			requireRegion(t, &d, b[:len(b)-2], whole, top)
			_, err = d.DecodeRegion(b[:len(b)-60], top, nil)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		})
	}
	b := bytes.Clone(readFile(t, "testdata/restart-rows.jpg"))
	last := bytes.LastIndex(b, []byte{0xFF, markerRST0})
	require.Positive(t, last)
	b[last+1]++
	_, err := d.Decode(b, nil)
	require.ErrorContains(t, err, "marker d1 in place of restart marker d0")
	_, err = d.DecodeRegion(b, top, nil)
	require.NoError(t, err)
}

// smallFiles are the pictures of both testdata folders.
func smallFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.jpg")
	require.NoError(t, err)
	more, err := filepath.Glob("../decode/testdata/*.jpg")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	require.NotEmpty(t, more)
	return append(files, more...)
}

func requireRegion(t testing.TB, d *Decoder, b []byte, whole pixel.Image, r pixel.Rect) {
	t.Helper()
	got, err := d.DecodeRegion(b, r, nil)
	require.NoError(t, err, "%v", r)
	require.NoError(t, got.Check())
	require.Equal(t, pixel.Rect{W: r.W, H: r.H}, got.Bounds())
	for y := range r.H {
		want := whole.Row(r.Y + y)[3*r.X : 3*(r.X+r.W)]
		if !bytes.Equal(want, got.Row(y)) {
			t.Fatalf("%v: row %d is %v, want %v", r, y, got.Row(y), want)
		}
	}
}
