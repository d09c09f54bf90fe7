package bench

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// Sizes of the chart, in pixels.
const (
	chartWidth  = 720
	chartLeft   = 230 // where the bars begin
	chartRight  = 130 // room for the numbers
	chartTop    = 50
	chartRow    = 30
	chartBottom = 20
)

// Bar is one line of a chart.
type Bar struct {
	Label string
	Value float64
	Text  string // the value with its unit
}

// Bars turns results into a chart of images a second.
func Bars(results []Result) []Bar {
	var bars []Bar
	for _, r := range results {
		bars = append(bars, Bar{Label: fmt.Sprintf("%s %d px, batch %d", r.Kind, r.Size, r.Batch), Value: r.ImagesPerSec,
			Text: fmt.Sprintf("%.4g images/s", r.ImagesPerSec)})
	}
	return bars
}

// Chart draws bars as a PNG: one line each, their lengths in proportion.
func Chart(w io.Writer, title string, bars []Bar) error {
	img := image.NewRGBA(image.Rect(0, 0, chartWidth, chartTop+len(bars)*chartRow+chartBottom))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	text(img, 20, 28, title)
	longest := 0.0
	for _, b := range bars {
		longest = max(longest, b.Value)
	}
	for i, b := range bars {
		y := chartTop + i*chartRow
		text(img, 20, y+17, b.Label)
		length := float32(0)
		if longest > 0 {
			length = float32(b.Value / longest * (chartWidth - chartLeft - chartRight))
		}
		bar(img, chartLeft, float32(y+4), length, chartRow-10)
		text(img, chartLeft+int(length)+8, y+17, b.Text)
	}
	return png.Encode(w, img)
}

func bar(img draw.Image, x, y, w, h float32) {
	var r vector.Rasterizer
	r.Reset(img.Bounds().Dx(), img.Bounds().Dy())
	r.MoveTo(x, y)
	r.LineTo(x+w, y)
	r.LineTo(x+w, y+h)
	r.LineTo(x, y+h)
	r.ClosePath()
	r.Draw(img, img.Bounds(), image.NewUniform(color.RGBA{0x2b, 0x6c, 0xb0, 0xff}), image.Point{})
}

func text(img draw.Image, x, y int, s string) {
	d := font.Drawer{Dst: img, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	d.DrawString(s)
}
