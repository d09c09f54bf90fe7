package augment

import (
	"math/rand/v2"

	"mnv2/data/pixel"
	"mnv2/data/resize"
)

// CifarTrain is MindCV's training transform for CIFAR: a crop of the image's own size out of the image with a black
// border of 4 pixels, a horizontal flip with probability 0.5, a resize to Size x Size.
type CifarTrain struct {
	Size   int // side of the result
	Filter resize.Filter
}

// The border and the flip are fixed in MindCV.
const (
	cifarBorder = 4
	cifarFlip   = 0.5
)

// Check returns nil, or what is wrong with Size.
func (c CifarTrain) Check() error { return checkSize(c.Size) }

// Choose asks for the whole picture.
func (c CifarTrain) Choose(_ *rand.Rand, w, h int) pixel.Rect { return pixel.Rect{W: w, H: h} }

// Make is Apply on an excerpt that is the whole picture.
func (c CifarTrain) Make(dst []byte, e pixel.Excerpt, rng *rand.Rand, s *Scratch) {
	c.Apply(dst, e.Image, rng, s)
}

// Apply makes a training picture of img and overwrites dst with its Size x Size x img.C bytes.
func (c CifarTrain) Apply(dst []byte, img pixel.Image, rng *rand.Rand, s *Scratch) {
	x := rng.IntN(2*cifarBorder+1) - cifarBorder
	y := rng.IntN(2*cifarBorder+1) - cifarBorder
	crop := s.image(img.W, img.H, img.C)
	shift(crop, img, x, y)
	if chance(rng, cifarFlip) {
		FlipHorizontal(crop)
	}
	Whole(c).Apply(dst, crop, s)
}

// shift writes into dst what a window of src's size sees that is moved by (x, y): black where src ends.
func shift(dst, src pixel.Image, x, y int) {
	clear(dst.Pix)
	left, right := max(x, 0), min(src.W+x, src.W) // columns of src that are seen
	for row := max(y, 0); row < min(src.H+y, src.H) && left < right; row++ {
		copy(dst.Row(row - y)[(left-x)*src.C:], src.Row(row)[left*src.C:right*src.C])
	}
}

// Whole resizes the whole image to Size x Size and does nothing else. Works on one and on three channels.
type Whole struct {
	Size   int // side of the result
	Filter resize.Filter
}

// The data sets whose transform is Whole: CIFAR for validation, MNIST always.
type (
	CifarEval = Whole
	MnistEval = Whole
)

// Check returns nil, or what is wrong with Size.
func (w Whole) Check() error { return checkSize(w.Size) }

// Choose asks for the whole picture. It draws no random number, and rng may be nil.
func (w Whole) Choose(_ *rand.Rand, width, height int) pixel.Rect {
	return pixel.Rect{W: width, H: height}
}

// Make is Apply on an excerpt that is the whole picture.
func (w Whole) Make(dst []byte, e pixel.Excerpt, _ *rand.Rand, s *Scratch) { w.Apply(dst, e.Image, s) }

// Apply overwrites dst with the Size x Size x img.C bytes of the resized image.
func (w Whole) Apply(dst []byte, img pixel.Image, s *Scratch) {
	out := pixel.Image{Pix: dst, W: w.Size, H: w.Size, C: img.C}
	resize.Crop(out, img, img.Bounds(), w.Filter, &s.resize)
}
