// Package pixel holds the picture that travels from the decoders to the batch: bytes, and three numbers that say what they are.
//
// Image is deliberately not image.Image of the standard library: the resizers and colour operations read packed bytes in
// row order, as OpenCV and Pillow do, and a fourth channel or a stride would only slow them down.
package pixel

import "fmt"

// Image is an 8-bit picture, interleaved [H][W][C], rows top to bottom, without padding between rows.
// C is 3 (red, green, blue) or 1 (grey). Copies of the value share Pix.
type Image struct {
	Pix     []byte
	W, H, C int
}

// New returns a black image of w x h pixels with c channels.
func New(w, h, c int) Image {
	return Image{Pix: make([]byte, w*h*c), W: w, H: h, C: c}
}

// Row returns row y as a slice of W*C bytes that shares memory with the image.
func (m Image) Row(y int) []byte {
	stride := m.W * m.C
	return m.Pix[y*stride : (y+1)*stride : (y+1)*stride]
}

// Bounds is the rectangle of the whole image.
func (m Image) Bounds() Rect { return Rect{W: m.W, H: m.H} }

// Check returns nil, or which of the image's numbers do not fit together.
func (m Image) Check() error {
	switch {
	case m.W < 1 || m.H < 1:
		return fmt.Errorf("image %dx%d: both sides must be at least 1", m.W, m.H)
	case m.C != 1 && m.C != 3:
		return fmt.Errorf("image with %d channels: want 3 (RGB) or 1 (grey)", m.C)
	case len(m.Pix) != m.W*m.H*m.C:
		return fmt.Errorf("image %dx%dx%d holds %d bytes, want %d", m.W, m.H, m.C, len(m.Pix), m.W*m.H*m.C)
	}
	return nil
}

// Rect is a rectangle of W x H pixels whose top-left pixel is (X, Y).
type Rect struct{ X, Y, W, H int }

// Within reports whether r is not empty and lies wholly inside outer. It is right for all numbers, also those whose sums
// would overflow.
func (r Rect) Within(outer Rect) bool {
	return isWithin(r.X, r.W, outer.X, outer.W) && isWithin(r.Y, r.H, outer.Y, outer.H)
}

// isWithin is Within along one axis. The unsigned difference of two positions is right even where the signed one overflows.
func isWithin(at, n, outerAt, outerN int) bool {
	return 0 < n && n <= outerN && outerAt <= at && uint(at)-uint(outerAt) <= uint(outerN-n)
}
