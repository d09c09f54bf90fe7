package report

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// pngScale is how many pixels a unit of the SVG becomes.
const pngScale = 1.5

const titleHeight = 34 // units above each figure

// hues are the colours of curves on white, those of the page's light style.
var hues = []color.RGBA{{37, 99, 235, 255}, {217, 119, 6, 255}, {5, 150, 105, 255}, {190, 24, 93, 255}, {124, 58, 237, 255}, {71, 85, 105, 255}}

// PNG draws figures one below the other on white.
func PNG(w io.Writer, figures []Figure) error {
	face, err := typeface()
	if err != nil {
		return err
	}
	rowHeight := scaled(titleHeight + svgHeight)
	c := canvas{image.NewRGBA(image.Rect(0, 0, scaled(svgWidth), rowHeight*len(figures))), face, 0}
	draw.Draw(c.img, c.img.Bounds(), image.White, image.Point{}, draw.Src)
	for i, f := range figures {
		c.top = float64(i*(titleHeight+svgHeight) + titleHeight)
		c.figure(f)
	}
	return png.Encode(w, c.img)
}

func typeface() (font.Face, error) {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: 11 * pngScale, DPI: 72, Hinting: font.HintingFull})
}

func scaled(units int) int { return int(float64(units) * pngScale) }

// canvas draws in SVG units, below top.
type canvas struct {
	img  *image.RGBA
	face font.Face
	top  float64
}

func (c canvas) figure(f Figure) {
	l := f.layout()
	at := c.text(svgLeft, -12, f.Title, color.Black)
	for _, curve := range f.Curves {
		if !curve.Pale {
			at = c.text(at+16, -12, curve.Name, hues[curve.Hue%len(hues)])
		}
	}
	grey := color.RGBA{225, 228, 232, 255}
	for _, t := range l.y.ticks {
		c.line(svgLeft, yAt(l, t), svgWidth-svgRight, yAt(l, t), 1, grey)
		label := number(t)
		c.text(svgLeft-6-c.width(label), yAt(l, t)+4, label, color.Black)
	}
	for _, t := range l.x.ticks {
		label := number(t)
		c.text(xAt(l, t)-c.width(label)/2, svgHeight-svgBottom+16, label, color.Black)
	}
	c.text(svgLeft+(plotWidth-c.width(f.X))/2, svgHeight-3, f.X, color.Black)
	for _, curve := range l.curves {
		ink := hues[curve.Hue%len(hues)]
		if curve.Pale {
			ink = pale(ink)
		}
		for i := 1; i < len(curve.X); i++ {
			c.line(xAt(l, curve.X[i-1]), yAt(l, curve.Y[i-1]), xAt(l, curve.X[i]), yAt(l, curve.Y[i]), 1.8, ink)
		}
		if curve.Dots && len(curve.X) <= 60 {
			for i := range curve.X {
				x, y := xAt(l, curve.X[i]), yAt(l, curve.Y[i])
				c.line(x-2.5, y, x+2.5, y, 5, ink)
			}
		}
	}
}

// pale is a quarter of a colour on white.
func pale(c color.RGBA) color.RGBA {
	mix := func(v uint8) uint8 { return uint8((int(v) + 3*255) / 4) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 255}
}

// line fills the rectangle around a line.
func (c canvas) line(x0, y0, x1, y1, width float64, ink color.Color) {
	dx, dy := x1-x0, y1-y0
	length := max(1e-6, math.Hypot(dx, dy))
	nx, ny := -dy/length*width/2, dx/length*width/2
	box := image.Rect(int(pngScale*(min(x0, x1)-width)), int(pngScale*(min(y0, y1)+c.top-width)),
		int(pngScale*(max(x0, x1)+width))+2, int(pngScale*(max(y0, y1)+c.top+width))+2)
	r := vector.NewRasterizer(box.Dx(), box.Dy())
	point := func(x, y float64) (float32, float32) {
		return float32(x*pngScale - float64(box.Min.X)), float32((y+c.top)*pngScale - float64(box.Min.Y))
	}
	r.MoveTo(point(x0+nx, y0+ny))
	r.LineTo(point(x1+nx, y1+ny))
	r.LineTo(point(x1-nx, y1-ny))
	r.LineTo(point(x0-nx, y0-ny))
	r.ClosePath()
	r.Draw(c.img, box, image.NewUniform(ink), image.Point{})
}

// text writes at the baseline and returns where it ends, in units.
func (c canvas) text(x, y float64, s string, ink color.Color) float64 {
	d := font.Drawer{Dst: c.img, Src: image.NewUniform(ink), Face: c.face,
		Dot: fixed.Point26_6{X: fixed.Int26_6(x * pngScale * 64), Y: fixed.Int26_6((y + c.top) * pngScale * 64)}}
	d.DrawString(s)
	return float64(d.Dot.X) / 64 / pngScale
}

func (c canvas) width(s string) float64 {
	return float64(font.MeasureString(c.face, s)) / 64 / pngScale
}
