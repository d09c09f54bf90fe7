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
func scramble(dst []byte, img pixel.Image, rng *rand.Rand, _ *augment.Scratch) {
	for j := range dst {
		dst[j] = img.Pix[j] ^ byte(rng.IntN(256))
	}
}
