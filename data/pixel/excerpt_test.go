package pixel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExcerpt(t *testing.T) {
	whole := New(9, 7, 3).Excerpt(Rect{2, 1, 4, 5})
	require.NoError(t, whole.Check())
	require.Equal(t, Rect{2, 1, 4, 5}, whole.Local())
	some := Excerpt{Image: New(5, 6, 3), At: Rect{2, 1, 5, 6}, Part: Rect{3, 1, 4, 5}, W: 9, H: 7}
	require.NoError(t, some.Check())
	require.Equal(t, Rect{1, 0, 4, 5}, some.Local())
}

func TestExcerptCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Excerpt)
		want   string
	}{
		"image": {func(e *Excerpt) { e.Image.Pix = nil }, "holds 0 bytes"},
		"size":  {func(e *Excerpt) { e.At.W = 4 }, "its place in the picture is 4x6"},
		"place": {func(e *Excerpt) { e.At.X = 5 }, "is not inside the picture of 9x7"},
		"part":  {func(e *Excerpt) { e.Part.X = 1 }, "which is all there is"},
		"empty": {func(e *Excerpt) { e.Part = Rect{} }, "which is all there is"},
	} {
		t.Run(name, func(t *testing.T) {
			e := Excerpt{Image: New(5, 6, 3), At: Rect{2, 1, 5, 6}, Part: Rect{3, 1, 4, 5}, W: 9, H: 7}
			c.change(&e)
			require.ErrorContains(t, e.Check(), c.want)
		})
	}
}
