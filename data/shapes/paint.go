package shapes

import "mnv2/data/pixel"

// paint colours a surface between two colours as the texture says.
type paint struct {
	from, to rgb
	texture  texture
}

// wave is a ripple across the canvas: phase + fx*x + fy*y, in steps of the sine table, for x and y from 0 to 1.
type wave struct{ fx, fy, phase int64 }

// texture gives each point of the canvas a value from 0 (first colour) to 256 (second colour).
type texture struct {
	kind  int64
	waves [2]wave
}

// The kinds of texture.
const (
	ripples = iota // two ripples added
	stripes        // one ripple, hard edges
	checks         // two ripples at a right angle, hard edges
	numTextures
)

// texture draws a texture with 1 to 6 waves across the canvas.
func (d draw) texture() texture {
	t := texture{kind: d.between(0, numTextures-1)}
	angle, cycles := d.between(0, turn-1), d.between(turn, 6*turn)
	t.waves[0] = wave{cycles * cos(angle) / unit, cycles * sin(angle) / unit, d.between(0, turn-1)}
	if t.kind == ripples {
		angle, cycles = d.between(0, turn-1), d.between(turn, 6*turn)
	} else {
		angle += turn / 4
	}
	t.waves[1] = wave{cycles * cos(angle) / unit, cycles * sin(angle) / unit, d.between(0, turn-1)}
	return t
}

// at returns the texture's value for the sines of its two waves.
func (t texture) at(a, b int64) int64 {
	switch t.kind {
	case stripes:
		return hard(a)
	case checks:
		return hard(a * b / unit)
	default:
		return (a + b + 2*unit) * 64 / unit
	}
}

// hard turns a sine into 0 or 256 with a short ramp between, which keeps edges from flickering with the pixel grid.
func hard(s int64) int64 { return min(max(s*1024/unit+128, 0), 256) }

// lay paints every pixel as far as it is covered.
func (p paint) lay(img pixel.Image, cover []uint16) {
	size := int64(img.W)
	w0, w1 := p.texture.waves[0], p.texture.waves[1]
	for y := range size {
		row := img.Row(int(y))
		for x := range size {
			part := int64(cover[y*size+x])
			if part == 0 {
				continue
			}
			a := sin(w0.phase + (w0.fx*(2*x+1)+w0.fy*(2*y+1))/(2*size))
			b := sin(w1.phase + (w1.fx*(2*x+1)+w1.fy*(2*y+1))/(2*size))
			t := p.texture.at(a, b)
			for c := range int64(3) {
				v := p.from[c] + (p.to[c]-p.from[c])*t/256
				old := int64(row[3*x+c])
				row[3*x+c] = uint8(old + (v-old)*part/full)
			}
		}
	}
}
