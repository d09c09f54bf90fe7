package decode

import (
	"fmt"
	"image"
	"image/color"

	"mnv2/data/pixel"
)

// pack copies m into three channels. Alpha is dropped, not blended; of 16 bits the high 8 are kept.
func pack(m image.Image) (pixel.Image, error) {
	size := m.Bounds().Size()
	out := pixel.New(size.X, size.Y, 3)
	switch m := m.(type) {
	case *image.Gray:
		spread(out, m.Pix, m.Stride, 1)
	case *image.Gray16:
		spread(out, m.Pix, m.Stride, 2)
	case *image.RGBA: // of an opaque picture: the readers used here make NRGBA when there is alpha
		gather(out, m.Pix, m.Stride, 4, 1)
	case *image.NRGBA:
		gather(out, m.Pix, m.Stride, 4, 1)
	case *image.RGBA64:
		gather(out, m.Pix, m.Stride, 8, 2)
	case *image.NRGBA64:
		gather(out, m.Pix, m.Stride, 8, 2)
	case *image.Paletted:
		lookUp(out, m)
	default:
		return pixel.Image{}, fmt.Errorf("pixels of type %T are not supported", m)
	}
	return out, nil
}

// spread writes the first byte of every step bytes into all three channels.
func spread(out pixel.Image, pix []byte, stride, step int) {
	for y := range out.H {
		row := pix[y*stride:]
		for x, d := 0, out.Row(y); x < out.W; x, d = x+1, d[3:] {
			v := row[x*step]
			d[0], d[1], d[2] = v, v, v
		}
	}
}

// gather copies three bytes, sample bytes apart, out of every step bytes.
func gather(out pixel.Image, pix []byte, stride, step, sample int) {
	for y := range out.H {
		row := pix[y*stride:]
		for x, d := 0, out.Row(y); x < out.W; x, d = x+1, d[3:] {
			p := row[x*step:]
			d[0], d[1], d[2] = p[0], p[sample], p[2*sample]
		}
	}
}

// lookUp replaces palette numbers by colours. A number beyond the palette is black.
func lookUp(out pixel.Image, m *image.Paletted) {
	var table [256][3]byte
	for i, c := range m.Palette[:min(len(m.Palette), 256)] {
		n := straight(c)
		table[i] = [3]byte{n.R, n.G, n.B}
	}
	for y := range out.H {
		row := m.Pix[y*m.Stride:]
		for x, d := 0, out.Row(y); x < out.W; x, d = x+1, d[3:] {
			copy(d, table[row[x]][:])
		}
	}
}

// straight returns c without alpha multiplied in. A palette's NRGBA entry keeps its colour even where it is invisible.
func straight(c color.Color) color.NRGBA {
	if n, ok := c.(color.NRGBA); ok {
		return n
	}
	return color.NRGBAModel.Convert(c).(color.NRGBA)
}
