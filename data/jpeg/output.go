package jpeg

import "mnv2/data/pixel"

// output makes the picture of region r from the planes.
func (d *Decoder) output(r pixel.Rect, dst []byte) pixel.Image {
	f := &d.frame
	for i := range f.comps {
		switch c := &f.comps[i]; {
		case !c.isScanned:
			for i := range c.plane {
				c.plane[i] = 128 // what coefficients of zero give
			}
		case f.progressive:
			d.reconstruct(c)
		}
	}
	if n := 3 * r.W * r.H; cap(dst) >= n {
		dst = dst[:n]
	} else {
		dst = make([]byte, n)
	}
	img := pixel.Image{Pix: dst, W: r.W, H: r.H, C: 3}
	isRGB := len(f.comps) == 3 && d.color.isRGB(f)
	for y := range r.H {
		d.row(img.Row(y), r, r.Y+y, isRGB)
	}
	return img
}

// row makes row y of the picture, of which the columns of r are wanted.
func (d *Decoder) row(dst []byte, r pixel.Rect, y int, isRGB bool) {
	var rows [4][]byte
	for i := range d.frame.comps {
		rows[i] = d.frame.comps[i].row(r, y)
	}
	switch n := len(d.frame.comps); {
	case n == 1:
		grey(dst, rows[0])
	case n == 3 && isRGB:
		plain(dst, rows[0], rows[1], rows[2])
	case n == 3:
		ycc(dst, rows[0], rows[1], rows[2])
	default:
		d.inks(dst, rows)
	}
}

// inks converts a row of cyan, magenta, yellow and black. With an Adobe segment they are stored inverted, and unless its
// transform byte is 0 the first three are YCbCr of the inks themselves.
func (d *Decoder) inks(dst []byte, rows [4][]byte) {
	black := rows[3]
	switch m := d.color; {
	case m.isAdobe && m.transform != 0:
		ycc(dst, rows[0], rows[1], rows[2])
		invert(dst)
	default:
		plain(dst, rows[0], rows[1], rows[2])
		if !m.isAdobe {
			invert(dst)
		}
	}
	if !d.color.isAdobe {
		d.rest = append(d.rest[:0], black...) // black may be part of the plane, which serves several rows
		invert(d.rest)
		black = d.rest
	}
	blacken(dst, black)
}
