package data

import (
	"math/rand/v2"

	"mnv2/data/augment"
	"mnv2/data/pixel"
)

// Transform makes the network's picture of a decoded one, in two steps so that only the part that counts need be decoded. Many
// workers call it at once, each with its own rng and scratch memory.
//
// augment.Train, Eval, CifarTrain and Whole are Transforms.
type Transform interface {
	// Choose returns the part of a w x h picture that the result depends on. It may draw it with random numbers.
	Choose(rng *rand.Rand, w, h int) pixel.Rect
	// Make overwrites dst, Size*Size*Channels bytes [H][W][C], with the network's picture. e holds at least the part that Choose
	// returned. The result must depend on that part and on the random numbers after those of Choose alone.
	Make(dst []byte, e pixel.Excerpt, rng *rand.Rand, s *augment.Scratch)
}

// Splitter is a Transform that can make several pictures of one sample, for losses that compare them.
type Splitter interface {
	Transform
	// MakeSplits is Make for len(dst) pictures: the first gently made, the others strongly, each in its own way.
	MakeSplits(dst [][]byte, e pixel.Excerpt, rng *rand.Rand, s *augment.Scratch)
}

// Fixed makes a Transform of a function that takes whole pictures and no random numbers.
func Fixed(apply func(dst []byte, img pixel.Image, s *augment.Scratch)) Transform {
	return fixed(apply)
}

type fixed func(dst []byte, img pixel.Image, s *augment.Scratch)

// Choose asks for the whole picture.
func (f fixed) Choose(_ *rand.Rand, w, h int) pixel.Rect { return pixel.Rect{W: w, H: h} }

// Make calls the function.
func (f fixed) Make(dst []byte, e pixel.Excerpt, _ *rand.Rand, s *augment.Scratch) {
	f(dst, e.Image, s)
}
