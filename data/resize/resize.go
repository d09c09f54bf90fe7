// Package resize scales 8-bit images exactly as the two libraries do from which networks get their pictures: OpenCV
// (MindSpore, hence MindCV) and Pillow with its antialiased filters (torchvision). Every byte is equal to theirs.
//
// The two families differ a lot when shrinking: OpenCV's bilinear looks at the four nearest pixels only, Pillow's
// averages over all that a result pixel covers. A network loses accuracy when it is shown the other family.
//
//	var s resize.Scratch
//	dst := pixel.New(224, 224, 3)
//	resize.Crop(dst, src, pixel.Rect{X: 10, Y: 20, W: 300, H: 280}, resize.CV2Linear, &s)
package resize

import (
	"fmt"
	"strings"

	"mnv2/data/pixel"
)

// Filter is a way of resizing.
type Filter int

// The filters. The zero value is MindCV's default.
const (
	CV2Linear   Filter = iota // OpenCV INTER_LINEAR on 8 bit: half-pixel centres, clamped edges, no antialiasing
	PILBilinear               // Pillow BILINEAR: triangle, widened by the shrink factor
	PILBicubic                // Pillow BICUBIC: cubic with a = -0.5, widened by the shrink factor; also MindSpore's PILCUBIC
	CV2Nearest                // OpenCV INTER_NEAREST: the pixel at floor(d*in/out)
	CV2Cubic                  // OpenCV INTER_CUBIC on 8 bit: cubic with a = -0.75, no antialiasing
	CV2Area                   // OpenCV INTER_AREA: the mean of what a result pixel covers; when enlarging, a narrow linear filter
)

var filterNames = map[Filter]string{
	CV2Linear:   "cv2-linear",
	PILBilinear: "pil-bilinear",
	PILBicubic:  "pil-bicubic",
	CV2Nearest:  "cv2-nearest",
	CV2Cubic:    "cv2-cubic",
	CV2Area:     "cv2-area",
}

// Other names under which users know the filters; MindCV's names are among them.
var aliases = map[string]Filter{
	"cv2": CV2Linear, "cv2linear": CV2Linear, "linear": CV2Linear, "bilinear": CV2Linear,
	"pil": PILBilinear, "pillow": PILBilinear, "pilbilinear": PILBilinear,
	"pilcubic": PILBicubic, "pilbicubic": PILBicubic,
	"nearest": CV2Nearest, "cv2nearest": CV2Nearest,
	"cubic": CV2Cubic, "bicubic": CV2Cubic, "cv2cubic": CV2Cubic,
	"area": CV2Area, "cv2area": CV2Area,
}

// String returns the filter's name, which Parse takes.
func (f Filter) String() string {
	if name, ok := filterNames[f]; ok {
		return name
	}
	return fmt.Sprintf("Filter(%d)", int(f))
}

// Antialiased reports whether f is one of Pillow's filters.
func (f Filter) Antialiased() bool { return f == PILBilinear || f == PILBicubic }

// Parse returns the filter called name, in any letter case, with dashes and underscores or without. MindCV's names
// nearest, bilinear, linear, bicubic, cubic, area and pilcubic are taken; pil means pil-bilinear. Names of filters that do not exist here are errors.
func Parse(name string) (Filter, error) {
	key := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
	if f, ok := aliases[key]; ok {
		return f, nil
	}
	return 0, fmt.Errorf("resize filter %q: not available (cv2-linear|cv2-nearest|cv2-cubic|cv2-area|pil-bilinear|pil-bicubic; bilinear means cv2-linear, pil means pil-bilinear)", name)
}

// Scratch is memory that resizing needs and keeps between calls. The zero value is ready; it must not be shared by
// goroutines.
type Scratch struct {
	cv2   cv2Scratch
	cubic cubicScratch
	area  areaScratch
	pil   pilScratch
}

// Crop resizes the rectangle r of src to dst.W x dst.H and overwrites dst. Pixels of src outside r have no influence.
// r must lie inside src, and dst and src must have the same number of channels; Crop panics otherwise, since both are
// the caller's own numbers.
func Crop(dst, src pixel.Image, r pixel.Rect, f Filter, s *Scratch) {
	Window(dst, src, r, Target{W: dst.W, H: dst.H}, f, s)
}

// Target is the size W x H to which a rectangle is resized, and the top-left pixel (X, Y) of the part that is wanted.
type Target struct{ W, H, X, Y int }

// Window computes the part of a resized picture that fits dst: it overwrites dst with what resizing the rectangle r of
// src to t.W x t.H and then cutting dst.W x dst.H pixels at (t.X, t.Y) would give, without making the rest.
// The conditions are those of Crop, and the part must lie inside the target.
func Window(dst, src pixel.Image, r pixel.Rect, t Target, f Filter, s *Scratch) {
	if err := check(dst, src, r, t); err != nil {
		panic(err)
	}
	switch {
	case f.Antialiased():
		pilWindow(dst, src, r, t, f, &s.pil)
	case f == CV2Nearest:
		nearestWindow(dst, src, r, t, s)
	case f == CV2Cubic:
		cubicWindow(dst, src, r, t, &s.cubic)
	case f == CV2Area && t.W <= r.W && t.H <= r.H:
		areaWindow(dst, src, r, t, &s.area)
	default:
		cv2Window(dst, src, r, t, f == CV2Area, &s.cv2)
	}
}

func check(dst, src pixel.Image, r pixel.Rect, t Target) error {
	if err := src.Check(); err != nil {
		return fmt.Errorf("resize: source: %w", err)
	}
	if err := dst.Check(); err != nil {
		return fmt.Errorf("resize: destination: %w", err)
	}
	part := pixel.Rect{X: t.X, Y: t.Y, W: dst.W, H: dst.H}
	switch {
	case dst.C != src.C:
		return fmt.Errorf("resize: source has %d channels, destination %d", src.C, dst.C)
	case !r.Within(src.Bounds()):
		return fmt.Errorf("resize: rectangle %+v is not inside the source %dx%d", r, src.W, src.H)
	case !part.Within(pixel.Rect{W: t.W, H: t.H}):
		return fmt.Errorf("resize: part %+v is not inside the target %dx%d", part, t.W, t.H)
	}
	return nil
}
