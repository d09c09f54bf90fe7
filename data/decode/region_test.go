package decode

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
)

func TestImageRegion(t *testing.T) {
	r := pixel.Rect{X: 5, Y: 3, W: 11, H: 9}
	s := new(Scratch) // one for all, as a worker has it
	for _, name := range []string{"420-23x17.jpg", "progressive-23x17.jpg", "rgba.png", "lossy-23x17.webp", "rgb.bmp"} {
		t.Run(name, func(t *testing.T) {
			b := readFile(t, "testdata/"+name)
			whole, err := Image(b, name, Limits{})
			require.NoError(t, err)
			part, err := ImageRegion(b, name, Limits{}, func(w, h int) pixel.Rect {
				require.Equal(t, [2]int{23, 17}, [2]int{w, h})
				return r
			}, s)
			require.NoError(t, err)
			require.Equal(t, pixel.Rect{W: r.W, H: r.H}, part.Bounds())
			for y := range r.H {
				require.Equal(t, whole.Row(r.Y + y)[3*r.X:3*(r.X+r.W)], part.Row(y), "row %d", y)
			}
			all, err := ImageRegion(b, name, Limits{}, func(w, h int) pixel.Rect { return pixel.Rect{W: w, H: h} }, s)
			require.NoError(t, err)
			require.Equal(t, whole, all)
		})
	}
}

func TestImageRegionErrors(t *testing.T) {
	b := readFile(t, "testdata/420-23x17.jpg")
	corner := func(int, int) pixel.Rect { return pixel.Rect{W: 1, H: 1} }
	s := new(Scratch)
	t.Run("outside", func(t *testing.T) {
		_, err := ImageRegion(b, "a.jpg", Limits{}, func(w, h int) pixel.Rect { return pixel.Rect{X: 1, W: w, H: h} }, s)
		require.EqualError(t, err, `image "a.jpg": region 23x17 at (1, 0) is not inside the picture of 23x17`)
		require.NotErrorIs(t, err, ErrImage)
	})
	t.Run("huge", func(t *testing.T) {
		_, err := ImageRegion(b, "a.jpg", Limits{}, func(int, int) pixel.Rect { return pixel.Rect{X: math.MaxInt, W: 2, H: 1} }, s)
		require.ErrorContains(t, err, "is not inside the picture")
	})
	t.Run("empty", func(t *testing.T) {
		_, err := ImageRegion(b, "a.jpg", Limits{}, func(int, int) pixel.Rect { return pixel.Rect{} }, s)
		require.ErrorContains(t, err, "region 0x0")
	})
	t.Run("limit", func(t *testing.T) {
		_, err := ImageRegion(b, "a.jpg", Limits{MaxPixels: 10}, corner, s)
		require.ErrorIs(t, err, ErrImage)
		require.ErrorContains(t, err, "more than the limit of 10 pixels")
	})
	t.Run("cut", func(t *testing.T) {
		_, err := ImageRegion(b[:len(b)-40], "a.jpg", Limits{}, corner, s)
		require.ErrorIs(t, err, ErrImage)
		require.ErrorContains(t, err, "before the picture does")
	})
	t.Run("unknown", func(t *testing.T) {
		_, err := ImageRegion([]byte("hello"), "a.jpg", Limits{}, corner, s)
		require.ErrorIs(t, err, ErrImage)
	})
}
