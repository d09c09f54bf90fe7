package data

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"mnv2/data/augment"
	"mnv2/data/pixel"
)

// fake is a set of 2x2 pictures whose bytes tell their index. Those in bad cannot be read.
type fake struct {
	n     int
	bad   map[int]bool
	loads atomic.Int64
}

func newFake(n int, bad ...int) *fake {
	f := &fake{n: n, bad: map[int]bool{}}
	for _, i := range bad {
		f.bad[i] = true
	}
	return f
}

var errTorn = errors.New("torn in half")

func (f *fake) Len() int          { return f.n }
func (f *fake) Classes() []string { return []string{"a", "b", "c"} }
func (f *fake) Label(i int) int   { return i % 3 }
func (f *fake) Name(i int) string { return fmt.Sprintf("fake#%d", i) }
func (f *fake) Load(i int) (pixel.Image, error) {
	f.loads.Add(1)
	if f.bad[i] {
		return pixel.Image{}, fmt.Errorf("%s: %w", f.Name(i), errTorn)
	}
	img := pixel.New(2, 2, 3)
	for j := range img.Pix {
		img.Pix[j] = byte(i*7 + j)
	}
	return img, nil
}

// scramble is a Transform that depends on the picture and the random numbers.
var scramble Transform = scrambler{}

type scrambler struct{}

func (scrambler) Choose(rng *rand.Rand, w, h int) pixel.Rect {
	return pixel.Rect{X: rng.IntN(w), Y: rng.IntN(h), W: 1, H: 1}
}

func (scrambler) Make(dst []byte, e pixel.Excerpt, rng *rand.Rand, _ *augment.Scratch) {
	at := e.Local()
	src := e.Image.Row(at.Y)[at.X*e.Image.C:]
	for j := range dst {
		dst[j] = src[j%e.Image.C] ^ byte(rng.IntN(256))
	}
}
