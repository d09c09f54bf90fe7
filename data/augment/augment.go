// Package augment makes the pictures that a network sees out of decoded images: random crops, flips and colours for
// training, the central cut for evaluation. It follows MindCV's pipelines (MindSpore's image operators) on bytes;
// normalisation comes later, on the device.
//
// The transforms are plain values: Train and CifarTrain take random numbers, Eval and Whole do not. Each works in two steps, so that
// only the pixels that count need be decoded: Choose names the part of a picture that the result depends on, Make makes
// the result of that part. Apply does both with a picture that is wholly at hand; the bytes are the same.
//
//	t := augment.Train{Size: 224, Scale: [2]float64{0.08, 1}, Ratio: [2]float64{0.75, 1.333}, HFlip: 0.5}
//	var s augment.Scratch
//	t.Apply(dst, img, rand.New(rand.NewPCG(seed, index)), &s)
package augment

import (
	"slices"

	"mnv2/data/pixel"
	"mnv2/data/resize"
	"mnv2/data/warp"
)

// Scratch is memory that the transforms need and keep between calls, so that repeated calls allocate nothing. The zero
// value is ready; it must not be shared by goroutines.
type Scratch struct {
	resize resize.Scratch
	warp   warp.Scratch
	pix    []byte
	canvas []byte
	second []byte    // a copy of the picture that an operation works on
	chain  []byte    // the picture of one chain of AugMix
	sum    []float32 // the sum of its chains
}

// maxCanvas is the memory in bytes above which the canvas is given up before the next picture.
const maxCanvas = 64 << 20

// inPlace returns an image of the picture's size that has the pixels of e at their place and undefined ones elsewhere.
func (s *Scratch) inPlace(e pixel.Excerpt) pixel.Image {
	if e.Image.W == e.W && e.Image.H == e.H {
		return e.Image
	}
	if cap(s.canvas) > maxCanvas {
		s.canvas = nil
	}
	c := e.Image.C
	n := e.W * e.H * c
	s.canvas = slices.Grow(s.canvas[:0], n)[:n]
	all := pixel.Image{Pix: s.canvas, W: e.W, H: e.H, C: c}
	for y := range e.At.H {
		copy(all.Row(e.At.Y + y)[e.At.X*c:], e.Image.Row(y))
	}
	return all
}

// image returns an image of the given size in the scratch memory, with undefined content.
func (s *Scratch) image(w, h, c int) pixel.Image {
	s.pix = slices.Grow(s.pix[:0], w*h*c)[:w*h*c]
	return pixel.Image{Pix: s.pix, W: w, H: h, C: c}
}

// copyOf returns a copy of m in the scratch memory, good until the next call.
func (s *Scratch) copyOf(m pixel.Image) pixel.Image {
	s.second = append(s.second[:0], m.Pix...)
	return pixel.Image{Pix: s.second, W: m.W, H: m.H, C: m.C}
}
