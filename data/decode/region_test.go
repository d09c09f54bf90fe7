package decode

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
)

func TestImageRegion(t *testing.T) {
	r := pixel.Rect{X: 5, Y: 3, W: 11, H: 9}
	for _, name := range []string{"420-23x17.jpg", "progressive-23x17.jpg", "rgba.png", "lossy-23x17.webp", "rgb.bmp"} {
		t.Run(name, func(t *testing.T) {
			b := readFile(t, "testdata/"+name)
			whole, err := Image(b, name, Limits{})
			require.NoError(t, err)
			part, err := ImageRegion(b, name, Limits{}, func(w, h int) pixel.Rect {
				require.Equal(t, [2]int{23, 17}, [2]int{w, h})
				return r
			})
			require.NoError(t, err)
			require.Equal(t, pixel.Rect{W: r.W, H: r.H}, part.Bounds())
			for y := range r.H {
				require.Equal(t, whole.Row(r.Y + y)[3*r.X:3*(r.X+r.W)], part.Row(y), "row %d", y)
			}
			all, err := ImageRegion(b, name, Limits{}, func(w, h int) pixel.Rect { return pixel.Rect{W: w, H: h} })
			require.NoError(t, err)
			require.Equal(t, whole, all)
		})
	}
}

func TestImageRegionErrors(t *testing.T) {
	b := readFile(t, "testdata/420-23x17.jpg")
	corner := func(int, int) pixel.Rect { return pixel.Rect{W: 1, H: 1} }
	t.Run("outside", func(t *testing.T) {
		_, err := ImageRegion(b, "a.jpg", Limits{}, func(w, h int) pixel.Rect { return pixel.Rect{X: 1, W: w, H: h} })
		require.EqualError(t, err, `image "a.jpg": region 23x17 at (1, 0) is not inside the picture of 23x17`)
		require.NotErrorIs(t, err, ErrImage)
	})
	t.Run("empty", func(t *testing.T) {
		_, err := ImageRegion(b, "a.jpg", Limits{}, func(int, int) pixel.Rect { return pixel.Rect{} })
		require.ErrorContains(t, err, "region 0x0")
	})
	t.Run("limit", func(t *testing.T) {
		_, err := ImageRegion(b, "a.jpg", Limits{MaxPixels: 10}, corner)
		require.ErrorIs(t, err, ErrImage)
		require.ErrorContains(t, err, "more than the limit of 10 pixels")
	})
	t.Run("cut", func(t *testing.T) {
		_, err := ImageRegion(b[:len(b)-40], "a.jpg", Limits{}, corner)
		require.ErrorIs(t, err, ErrImage)
		require.ErrorContains(t, err, "before the picture does")
	})
	t.Run("unknown", func(t *testing.T) {
		_, err := ImageRegion([]byte("hello"), "a.jpg", Limits{}, corner)
		require.ErrorIs(t, err, ErrImage)
	})
}
