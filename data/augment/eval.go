package augment

import (
	"fmt"
	"math"
	"math/rand/v2"

	"mnv2/data/pixel"
	"mnv2/data/resize"
)

// Eval is the evaluation transform: the shorter side is resized to floor(Size/CropPct), the centre Size x Size is cut out.
type Eval struct {
	Size    int     // side of the result
	CropPct float64 // MindCV: 0.875
	Filter  resize.Filter
	// MindSpore takes MindSpore's sizes and offsets with one of Pillow's filters, too: MindCV's interpolation pilcubic.
	MindSpore bool
}

// Check returns nil, or which field is wrong and the values it may take.
func (e Eval) Check() error {
	if err := checkSize(e.Size); err != nil {
		return err
	}
	if !(e.CropPct > 0) || e.CropPct > 100 || float64(e.Size)/e.CropPct < 1 || float64(e.Size)/e.CropPct > maxSide {
		return fmt.Errorf("crop_pct %v: must be above 0 and leave a side of 1 to %d pixels (0.875 is usual)", e.CropPct, maxSide)
	}
	return nil
}

// Geometry returns the size to which an image of w x h is resized and the place of the Size x Size cut in it. X and Y are
// negative, or 0, where the resized image is smaller than the cut, which then gets a black border.
//
// With OpenCV's filters both follow MindSpore: long side rounded in float32, offset rounded down (so the extra pixel of
// a border is on top and left). With Pillow's filters both follow torchvision: long side cut to a whole number, offset
// rounded half to even, extra border pixel at the bottom and right.
func (e Eval) Geometry(w, h int) resize.Target {
	short := int(math.Floor(float64(e.Size) / e.CropPct))
	long := mindsporeLong
	offset := mindsporeOffset
	if e.Filter.Antialiased() && !e.MindSpore {
		long, offset = torchvisionLong, torchvisionOffset
	}
	t := resize.Target{W: short, H: short}
	if w > h {
		t.W = max(long(short, w, h), 1)
	} else {
		t.H = max(long(short, h, w), 1)
	}
	t.X, t.Y = offset(t.W-e.Size), offset(t.H-e.Size)
	return t
}

func mindsporeLong(size, long, short int) int {
	return int(math.Round(float64(float32(long) / float32(short) * float32(size))))
}

func torchvisionLong(size, long, short int) int { return size * long / short }

// mindsporeOffset is floor(spare/2), for negative spare room too.
func mindsporeOffset(spare int) int { return spare >> 1 }

func torchvisionOffset(spare int) int {
	if spare < 0 {
		return -(-spare / 2)
	}
	return int(math.RoundToEven(float64(spare) / 2))
}

// Choose returns the part of a w x h picture that the cut depends on: at crop_pct 0.875 about 0.6 of a photograph. It draws no
// random number, and rng may be nil.
func (e Eval) Choose(_ *rand.Rand, w, h int) pixel.Rect {
	t := e.Geometry(w, h)
	left, right := e.reach(w, t.W, t.X)
	top, bottom := e.reach(h, t.H, t.Y)
	return pixel.Rect{X: left, Y: top, W: right - left, H: bottom - top}
}

// reach returns the source positions lo to hi-1 among which are all that the cut reads, on an axis resized from in to out of which Size
// outputs from first on are kept. Output d lies at (d+0.5)*in/out; a filter looks at most two result pixels to either side,
// or two source pixels when enlarging. The margin holds what rounding does, to float32 in OpenCV's case.
func (e Eval) reach(in, out, first int) (lo, hi int) {
	first, count := max(first, 0), min(out, e.Size)
	scale := float64(in) / float64(out)
	support := 2.
	if e.Filter.Antialiased() || e.Filter == resize.CV2Area || e.Filter == resize.CV2Nearest {
		support *= max(scale, 1)
	}
	start := float64((float64(first) + 0.5) * scale)
	end := float64((float64(first+count) - 0.5) * scale)
	margin := 2 + in>>22
	return max(0, int(start-support)-margin), min(in, int(end+support)+margin)
}

// Make makes the evaluation picture of an excerpt that holds what Choose asks for, as Apply does of the whole picture.
func (e Eval) Make(dst []byte, from pixel.Excerpt, _ *rand.Rand, s *Scratch) {
	e.Apply(dst, s.inPlace(from), s)
}

// Apply makes the evaluation picture of img and overwrites dst with its Size x Size x img.C bytes.
func (e Eval) Apply(dst []byte, img pixel.Image, s *Scratch) {
	out := pixel.Image{Pix: dst, W: e.Size, H: e.Size, C: img.C}
	t := e.Geometry(img.W, img.H)
	if t.W >= e.Size && t.H >= e.Size {
		resize.Window(out, img, img.Bounds(), t, e.Filter, &s.resize)
		return
	}
	left, top := max(-t.X, 0), max(-t.Y, 0)
	t.X, t.Y = max(t.X, 0), max(t.Y, 0)
	part := s.image(min(t.W, e.Size), min(t.H, e.Size), img.C)
	resize.Window(part, img, img.Bounds(), t, e.Filter, &s.resize)
	clear(dst)
	paste(out, part, left, top)
}

// paste copies src into dst with its top-left pixel at (x, y).
func paste(dst, src pixel.Image, x, y int) {
	for i := range src.H {
		copy(dst.Row(y + i)[x*dst.C:], src.Row(i))
	}
}
