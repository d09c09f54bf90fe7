// Package augment makes the pictures that a network sees out of decoded images: random crops, flips and colours for
// training, the central cut for evaluation. It follows MindCV's pipelines (MindSpore's image operators) on bytes;
// normalisation comes later, on the device.
//
// The transforms are plain values: Train and CifarTrain take random numbers, Eval and Whole do not.
//
//	t := augment.Train{Size: 224, Scale: [2]float64{0.08, 1}, Ratio: [2]float64{0.75, 1.333}, HFlip: 0.5}
//	var s augment.Scratch
//	t.Apply(dst, img, rand.New(rand.NewPCG(seed, index)), &s)
package augment

import (
	"slices"

	"mnv2/data/pixel"
	"mnv2/data/resize"
)

// Scratch is memory that the transforms need and keep between calls, so that repeated calls allocate nothing. The zero
// value is ready; it must not be shared by goroutines.
type Scratch struct {
	resize resize.Scratch
	pix    []byte
}

// image returns an image of the given size in the scratch memory, with undefined content.
func (s *Scratch) image(w, h, c int) pixel.Image {
	s.pix = slices.Grow(s.pix[:0], w*h*c)[:w*h*c]
	return pixel.Image{Pix: s.pix, W: w, H: h, C: c}
}
