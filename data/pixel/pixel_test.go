package pixel

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		img  Image
		want string
	}{
		"rgb":           {New(3, 2, 3), ""},
		"grey":          {New(3, 2, 1), ""},
		"no width":      {Image{H: 2, C: 3}, "both sides must be at least 1"},
		"four channels": {New(2, 2, 4), "4 channels"},
		"short":         {Image{Pix: make([]byte, 5), W: 1, H: 2, C: 3}, "holds 5 bytes, want 6"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == "" {
				require.NoError(t, c.img.Check())
			} else {
				require.ErrorContains(t, c.img.Check(), c.want)
			}
		})
	}
}

func TestRowSharesMemory(t *testing.T) {
	m := New(2, 3, 3)
	m.Row(1)[5] = 9
	require.EqualValues(t, 9, m.Pix[1*6+5])
	require.Len(t, m.Row(2), 6)
	require.Equal(t, 6, cap(m.Row(0)), "a row must not reach into the next one")
}

func TestWithin(t *testing.T) {
	outer := New(10, 5, 1).Bounds()
	require.True(t, Rect{0, 0, 10, 5}.Within(outer))
	require.True(t, Rect{9, 4, 1, 1}.Within(outer))
	require.False(t, Rect{9, 4, 2, 1}.Within(outer))
	require.False(t, Rect{-1, 0, 2, 2}.Within(outer))
	require.False(t, Rect{1, 1, 0, 2}.Within(outer))
	require.False(t, Rect{1, 1, 2, 0}.Within(outer))
	require.True(t, Rect{5, 5, 1, 1}.Within(Rect{5, 5, 1, 1}))
	require.False(t, Rect{4, 5, 1, 1}.Within(Rect{5, 5, 1, 1}))
}

func TestWithinDoesNotOverflow(t *testing.T) {
	outer := Rect{W: 10, H: 5}
	for _, r := range []Rect{
		{X: math.MaxInt, W: 1, H: 1},
		{X: math.MaxInt - 1, Y: math.MaxInt - 1, W: math.MaxInt, H: math.MaxInt},
		{X: 1, W: math.MaxInt, H: 1},
		{Y: 4, W: 1, H: math.MaxInt},
		{X: math.MinInt, W: math.MaxInt, H: 1},
		{W: math.MinInt, H: 1},
	} {
		require.False(t, r.Within(outer), "%+v", r)
	}
	far := Rect{X: math.MaxInt - 3, Y: math.MinInt, W: 3, H: math.MaxInt}
	require.True(t, far.Within(far))
	require.False(t, Rect{X: math.MaxInt - 2, Y: 0, W: 3, H: 1}.Within(far))
	require.False(t, Rect{X: math.MaxInt, Y: 0, W: 1, H: 1}.Within(Rect{X: math.MinInt, W: math.MaxInt, H: 1}))
	require.False(t, Rect{W: 1, H: 1}.Within(Rect{W: -1, H: math.MinInt}))
}
