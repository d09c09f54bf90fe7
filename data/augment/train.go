package augment

import (
	"fmt"
	"math"
	"math/rand/v2"

	"mnv2/data/pixel"
	"mnv2/data/resize"
)

// Train is MindCV's training transform for photographs: random resized crop, flips, a policy or colour jitter, erasing, in this order.
type Train struct {
	Size        int        // side of the result
	Scale       [2]float64 // area of the crop as a share of the image's; MindCV: 0.08, 1
	Ratio       [2]float64 // width/height of the crop; MindCV: 0.75, 1.333
	HFlip       float64    // probability of a horizontal flip; MindCV: 0.5
	VFlip       float64    // probability of a vertical flip; MindCV: 0
	ColorJitter [4]float64 // brightness, contrast, saturation, hue, see ColorJitter; MindCV: 0.4, 0.4, 0.4, 0
	Policy      Policy     // takes the place of ColorJitter; nil for none
	Erase       Erasing
	Filter      resize.Filter
}

// maxSide bounds the sides that the transforms produce.
const maxSide = 1 << 14

// Check returns nil, or which field is wrong and the values it may take.
func (t Train) Check() error {
	if err := checkSize(t.Size); err != nil {
		return err
	}
	switch {
	case !(0 < t.Scale[0] && t.Scale[0] <= t.Scale[1] && t.Scale[1] <= 1):
		return fmt.Errorf("scale %v: must be two shares of the area, above 0, at most 1, the smaller first", t.Scale)
	case !(0 < t.Ratio[0] && t.Ratio[0] <= t.Ratio[1]) || math.IsInf(t.Ratio[1], 0):
		return fmt.Errorf("ratio %v: must be two widths per height, above 0, the smaller first", t.Ratio)
	case !(0 <= t.HFlip && t.HFlip <= 1):
		return fmt.Errorf("hflip %v: must be a probability between 0 and 1", t.HFlip)
	case !(0 <= t.VFlip && t.VFlip <= 1):
		return fmt.Errorf("vflip %v: must be a probability between 0 and 1", t.VFlip)
	}
	if err := checkJitter(t.ColorJitter); err != nil {
		return err
	}
	return t.Erase.Check()
}

func checkSize(size int) error {
	if size < 1 || size > maxSide {
		return fmt.Errorf("image_resize %d: must be between 1 and %d", size, maxSide)
	}
	return nil
}

func checkJitter(j [4]float64) error {
	for i, f := range j[:3] {
		if !(f >= 0 && f <= 1000) {
			return fmt.Errorf("color_jitter %v: factor %d must be 0 (off) or above", j, i+1)
		}
	}
	if !(j[3] >= 0 && j[3] <= 0.5) {
		return fmt.Errorf("color_jitter %v: hue must be between 0 (off) and 0.5", j)
	}
	return nil
}

// Choose draws the rectangle of a w x h picture that a training picture is made of.
func (t Train) Choose(rng *rand.Rand, w, h int) pixel.Rect {
	return RandomResizedCrop(rng, w, h, t.Scale, t.Ratio, Attempts)
}

// Make makes a training picture of the part of e with random numbers of rng, drawn after those of Choose, and overwrites dst with
// its Size x Size x C bytes.
func (t Train) Make(dst []byte, e pixel.Excerpt, rng *rand.Rand, s *Scratch) {
	out := t.cut(dst, e, rng, s)
	t.colour(out, rng, s)
	t.Erase.Apply(out, rng)
}

// MakeSplits makes several pictures of one crop: the first without policy and colour jitter, the others each with its own. All are erased
// each by itself. MindCV's aug_splits.
func (t Train) MakeSplits(dst [][]byte, e pixel.Excerpt, rng *rand.Rand, s *Scratch) {
	first := t.cut(dst[0], e, rng, s)
	for _, d := range dst[1:] {
		copy(d, dst[0])
		out := pixel.Image{Pix: d, W: first.W, H: first.H, C: first.C}
		t.colour(out, rng, s)
		t.Erase.Apply(out, rng)
	}
	t.Erase.Apply(first, rng)
}

// cut makes the crop and the flips.
func (t Train) cut(dst []byte, e pixel.Excerpt, rng *rand.Rand, s *Scratch) pixel.Image {
	out := pixel.Image{Pix: dst, W: t.Size, H: t.Size, C: e.Image.C}
	resize.Crop(out, e.Image, e.Local(), t.Filter, &s.resize)
	if chance(rng, t.HFlip) {
		FlipHorizontal(out)
	}
	if chance(rng, t.VFlip) {
		FlipVertical(out)
	}
	return out
}

func (t Train) colour(m pixel.Image, rng *rand.Rand, s *Scratch) {
	if t.Policy != nil {
		t.Policy.Apply(m, rng, s)
		return
	}
	j := t.ColorJitter
	ColorJitter{j[0], j[1], j[2], j[3]}.Apply(m, rng)
}

// Apply makes a training picture of img with random numbers of rng and overwrites dst with its Size x Size x img.C bytes.
// Equal images and equal states of rng give equal bytes on every machine.
func (t Train) Apply(dst []byte, img pixel.Image, rng *rand.Rand, s *Scratch) {
	t.Make(dst, img.Excerpt(t.Choose(rng, img.W, img.H)), rng, s)
}
