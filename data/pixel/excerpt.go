package pixel

import "fmt"

// Excerpt is what is at hand of a picture of W x H pixels: a rectangle of it in memory, and the part that is meant.
type Excerpt struct {
	Image Image // the pixels of At
	At    Rect  // their place in the picture
	Part  Rect  // the part that is meant, in coordinates of the picture, inside At
	W, H  int   // size of the picture
}

// Excerpt means a part of an image that is wholly at hand.
func (m Image) Excerpt(part Rect) Excerpt {
	return Excerpt{Image: m, At: m.Bounds(), Part: part, W: m.W, H: m.H}
}

// Local is the part in coordinates of Image.
func (e Excerpt) Local() Rect {
	return Rect{X: e.Part.X - e.At.X, Y: e.Part.Y - e.At.Y, W: e.Part.W, H: e.Part.H}
}

// Check returns nil, or which of the numbers do not fit together.
func (e Excerpt) Check() error {
	if err := e.Image.Check(); err != nil {
		return err
	}
	switch all := (Rect{W: e.W, H: e.H}); {
	case e.At.W != e.Image.W || e.At.H != e.Image.H:
		return fmt.Errorf("image %dx%d: its place in the picture is %dx%d", e.Image.W, e.Image.H, e.At.W, e.At.H)
	case !e.At.Within(all):
		return fmt.Errorf("rectangle %+v is not inside the picture of %dx%d", e.At, e.W, e.H)
	case !e.Part.Within(e.At):
		return fmt.Errorf("part %+v is not inside %+v, which is all there is", e.Part, e.At)
	}
	return nil
}
