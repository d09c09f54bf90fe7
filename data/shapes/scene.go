package shapes

import (
	"math/rand/v2"

	"mnv2/data/pixel"
)

// canvas is the side of a picture in scene coordinates, whatever its size in pixels.
const canvas = 1 << 16

// rgb is a colour, 0 to 255 per channel.
type rgb [3]int64

// layer is an outline on the canvas with its paint.
type layer struct {
	polygons [][]point // scene coordinates
	paint    paint
}

// scene is all that a picture shows except the noise.
type scene struct {
	ground paint
	layers []layer // back to front; the last is the shape
	light  [2]int64
	noise  int64 // largest change of a channel by noise
}

// draw makes random decisions. Every decision takes exactly one number from the generator.
type draw struct{ src *rand.PCG }

// between returns one of lo to hi, both possible.
func (d draw) between(lo, hi int64) int64 {
	return lo + int64((d.src.Uint64()>>32)*uint64(hi-lo+1)>>32)
}

// dull returns a dark colour for the ground.
func (d draw) dull() rgb { return rgb{d.between(10, 120), d.between(10, 120), d.between(10, 120)} }

// bright returns a colour that stands out from every dull one: a strong channel, a medium one and any.
func (d draw) bright() rgb {
	c := rgb{d.between(190, 250), d.between(130, 250), d.between(20, 250)}
	turns := d.between(0, 2)
	c[0], c[turns] = c[turns], c[0]
	if d.between(0, 1) == 1 {
		c[1], c[2] = c[2], c[1]
	}
	return c
}

// near returns a colour whose channels lie within by of those of c.
func (d draw) near(c rgb, by int64) rgb {
	for i := range c {
		c[i] = min(max(c[i]+d.between(-by, by), 0), 255)
	}
	return c
}

// scene decides everything about a picture of the given class.
func (d draw) scene(label int) scene {
	from := d.dull()
	to := d.near(from, 45)
	s := scene{ground: paint{from: from, to: to, texture: d.texture()}}
	for range d.between(0, 4) {
		s.layers = append(s.layers, d.clutter())
	}
	s.layers = append(s.layers, d.shape(label))
	s.light = [2]int64{d.between(-40, 40), d.between(-40, 40)}
	s.noise = d.between(4, 24)
	return s
}

// shape places the outline of the class: radius 0.28 to 0.44 of the side, sides stretched by up to 12 %, wholly inside or cut by a little.
func (d draw) shape(label int) layer {
	radius := d.between(canvas*28/100, canvas*44/100)
	// The centre may move as far as leaves 4/100 of the side cut off at most.
	room := canvas/2 - radius + canvas*4/100
	at := place{
		angle: d.between(-turn/12, turn/12),
		rx:    radius * d.between(88, 100) / 100,
		ry:    radius * d.between(88, 100) / 100,
		x:     canvas/2 + d.between(-room, room),
		y:     canvas/2 + d.between(-room, room),
	}
	colour := d.bright()
	return layer{at.polygons(outlines[label].polygons), paint{from: colour, to: d.near(colour, 25), texture: d.texture()}}
}

// clutter is a small patch or a line anywhere on the canvas, to be ignored.
func (d draw) clutter() layer {
	at := place{
		angle: d.between(0, turn-1),
		rx:    d.between(canvas*2/100, canvas*14/100),
		ry:    d.between(canvas*1/100, canvas*4/100),
		x:     d.between(0, canvas),
		y:     d.between(0, canvas),
	}
	corners := d.between(3, 6)
	colour := d.bright()
	return layer{at.polygons([][]point{regular(corners, unit)}), paint{from: colour, to: colour, texture: d.texture()}}
}

// place says where an outline goes: stretched to the radii, turned by the angle, moved to (x, y).
type place struct{ angle, rx, ry, x, y int64 }

func (at place) polygons(outlines [][]point) [][]point {
	s, c := sin(at.angle), cos(at.angle)
	out := make([][]point, len(outlines))
	for i, outline := range outlines {
		out[i] = make([]point, len(outline))
		for j, p := range outline {
			x, y := p.x*at.rx/unit, p.y*at.ry/unit
			out[i][j] = point{at.x + (x*c-y*s)/unit, at.y + (x*s+y*c)/unit}
		}
	}
	return out
}

// render paints the scene on size*size pixels and adds noise drawn from src.
func (s scene) render(size int, src *rand.PCG) pixel.Image {
	img := pixel.New(size, size, 3)
	cover := make([]uint16, size*size)
	for i := range cover {
		cover[i] = full
	}
	s.ground.lay(img, cover)
	for _, l := range s.layers {
		coverage(cover, size, scaled(l.polygons, int64(size)))
		l.paint.lay(img, cover)
	}
	s.finish(img, src)
	return img
}

// scaled turns scene coordinates into subpixels, in place.
func scaled(polygons [][]point, size int64) [][]point {
	for _, polygon := range polygons {
		for i, p := range polygon {
			polygon[i] = point{p.x * size * subpixel / canvas, p.y * size * subpixel / canvas}
		}
	}
	return polygons
}

// finish adds light that changes across the picture, and noise: per channel the sum of two uniform numbers.
func (s scene) finish(img pixel.Image, src *rand.PCG) {
	for y := range img.H {
		row := img.Row(y)
		for x := range img.W {
			light := s.light[0]*int64(2*x-img.W)/int64(2*img.W) + s.light[1]*int64(2*y-img.H)/int64(2*img.H)
			bits := src.Uint64()
			for c := range 3 {
				grain := int64(bits&255) + int64(bits>>8&255) - 255
				bits >>= 16
				v := int64(row[3*x+c]) + light + grain*s.noise/255
				row[3*x+c] = uint8(min(max(v, 0), 255))
			}
		}
	}
}
