package decode

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data/jpeg"
	"mnv2/data/pixel"
	"mnv2/internal/shareddata"
)

// openTurbo skips without the library.
func openTurbo(t testing.TB) turboChoice {
	c := chooseTurbo("auto")
	require.NoError(t, c.err)
	if c.lib == nil {
		shareddata.Skip(t, "turbo", c.why)
	}
	return c
}

// TestTurboGivesOurBytes compares the library with our own decoder: the whole of each file, and parts of it anywhere.
func TestTurboGivesOurBytes(t *testing.T) {
	files, err := filepath.Glob("../jpeg/testdata/*.jpg")
	require.NoError(t, err)
	compareTurbo(t, files)
}

func TestTurboGivesOurBytesOfPhotographs(t *testing.T) {
	files, err := filepath.Glob(shareddata.Path(t, "imagenet-sample/val") + "/*/*")
	require.NoError(t, err)
	some := files[:0]
	for i := 0; i < len(files); i += 4 {
		some = append(some, files[i])
	}
	compareTurbo(t, some)
}

func compareTurbo(t *testing.T, files []string) {
	c, used := openTurbo(t), 0
	rng := rand.New(rand.NewPCG(1, 2))
	var d jpeg.Decoder
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		whole, err := d.Decode(b, nil)
		if err != nil {
			continue
		}
		for i := range 4 {
			r := whole.Bounds()
			if i > 0 {
				r.X, r.Y = rng.IntN(whole.W), rng.IntN(whole.H)
				r.W, r.H = 1+rng.IntN(whole.W-r.X), 1+rng.IntN(whole.H-r.Y)
			}
			if got, ok := c.decodeTurbo(b, r, nil); ok {
				used++
				requireSame(t, whole, r, got, file)
			}
		}
	}
	assert.Greater(t, used, 2*len(files), "the library decodes most of what there is")
}

// requireSame wants got to be the part r of whole.
func requireSame(t *testing.T, whole pixel.Image, r pixel.Rect, got pixel.Image, file string) {
	t.Helper()
	for y := range r.H {
		want := whole.Row(r.Y + y)[3*r.X : 3*(r.X+r.W)]
		if string(want) != string(got.Row(y)) {
			require.Equal(t, want, got.Row(y), "%s, region %v, row %d", file, r, y)
		}
	}
}

// TestTurboLeavesBadFilesToUs: cut short, damaged, inks, and what is no JPEG.
func TestTurboLeavesBadFilesToUs(t *testing.T) {
	c := openTurbo(t)
	good, err := os.ReadFile("../jpeg/testdata/planes.jpg")
	require.NoError(t, err)
	r := pixel.Rect{W: 8, H: 8}
	_, ok := c.decodeTurbo(good, r, nil)
	require.True(t, ok)
	damaged := append([]byte(nil), good...)
	for i := len(damaged) / 2; i < len(damaged)/2+40; i++ {
		damaged[i] = 0xFF
	}
	for name, b := range map[string][]byte{"cut": good[:len(good)-2], "damaged": damaged, "text": []byte("hello\xff\xd9"), "empty": nil,
		"header only": append(good[:20:20], 0xFF, 0xD9)} {
		_, ok := c.decodeTurbo(b, pixel.Rect{W: 32, H: 24}, nil)
		assert.False(t, ok, name)
	}
	for _, outside := range []pixel.Rect{{X: 1 << 40, W: 1, H: 1}, {W: 1, H: 1 << 15}, {X: -1, W: 2, H: 2}, {}} {
		_, ok := c.decodeTurbo(good, outside, nil)
		assert.False(t, ok, "%v", outside)
	}
	_, ok = c.decodeTurbo(good, r, make([]byte, 3*8*8))
	assert.True(t, ok, "and goes on after all of them")
}

func TestChoiceOfTheDecoder(t *testing.T) {
	assert.Nil(t, chooseTurbo("go").lib)
	assert.ErrorContains(t, chooseTurbo("fast").err, `MNV2_JPEG="fast": want auto, turbo or go`)
	c := chooseTurbo("turbo")
	assert.True(t, (c.lib == nil) == (c.err != nil), "asked for by name it is there, or an error")
	name, err := JPEG()
	require.NoError(t, err)
	assert.NotEmpty(t, name)
}
