package report

import (
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"strings"
)

// The drawing area of a figure, in SVG units.
const (
	svgWidth, svgHeight   = 640, 260
	svgLeft, svgRight     = 52, 12
	svgTop, svgBottom     = 10, 34
	plotWidth, plotHeight = svgWidth - svgLeft - svgRight, svgHeight - svgTop - svgBottom
)

// SVG draws the figure. Colours come from the page's style sheet (classes hue0 to hue5), so that it follows light and dark. The
// points travel along as JSON for the page's script, which shows values under the pointer.
func (f Figure) SVG() template.HTML {
	l := f.layout()
	var b strings.Builder
	fmt.Fprintf(&b, `<figure class="chart"><figcaption>%s%s</figcaption><svg viewBox="0 0 %d %d" role="img" aria-label="%s">`,
		html.EscapeString(f.Title), legend(f.Curves), svgWidth, svgHeight, html.EscapeString(f.Title))
	f.drawAxes(&b, l)
	for _, c := range l.curves {
		drawCurve(&b, c, l)
	}
	b.WriteString(`<g class="cursor"></g></svg>`)
	fmt.Fprintf(&b, `<script type="application/json">%s</script></figure>`, f.points(l))
	return template.HTML(b.String()) // every text in it is escaped above
}

func legend(curves []Curve) string {
	var b strings.Builder
	for _, c := range curves {
		if !c.Pale {
			fmt.Fprintf(&b, ` <span class="key hue%d">%s</span>`, c.Hue%len(hues), html.EscapeString(c.Name))
		}
	}
	return b.String()
}

func (f Figure) drawAxes(b *strings.Builder, l layout) {
	for _, t := range l.y.ticks {
		y := yAt(l, t)
		fmt.Fprintf(b, `<path class="grid" d="M%d %.1fH%d"/><text class="y" x="%d" y="%.1f">%s</text>`,
			svgLeft, y, svgWidth-svgRight, svgLeft-6, y+4, number(t))
	}
	for _, t := range l.x.ticks {
		fmt.Fprintf(b, `<text class="x" x="%.1f" y="%d">%s</text>`, xAt(l, t), svgHeight-svgBottom+16, number(t))
	}
	fmt.Fprintf(b, `<text class="x" x="%d" y="%d">%s</text>`, svgLeft+plotWidth/2, svgHeight-4, html.EscapeString(f.X))
}

func drawCurve(b *strings.Builder, c Curve, l layout) {
	class := fmt.Sprintf("curve hue%d", c.Hue%len(hues))
	if c.Pale {
		class += " pale"
	}
	b.WriteString(`<path class="` + class + `" d="`)
	for i := range c.X {
		fmt.Fprintf(b, "%c%.1f %.1f", "ML"[min(i, 1)], xAt(l, c.X[i]), yAt(l, c.Y[i]))
	}
	b.WriteString(`"/>`)
	if c.Dots && len(c.X) <= 60 {
		for i := range c.X {
			fmt.Fprintf(b, `<circle class="hue%d" cx="%.1f" cy="%.1f" r="3"/>`, c.Hue%len(hues), xAt(l, c.X[i]), yAt(l, c.Y[i]))
		}
	}
}

func xAt(l layout, v float64) float64 { return svgLeft + l.x.at(v)*plotWidth }
func yAt(l layout, v float64) float64 { return svgTop + (1-l.y.at(v))*plotHeight }

// points is what the page's script needs: positions and texts.
func (f Figure) points(l layout) []byte {
	type line struct {
		Name string      `json:"name"`
		Hue  int         `json:"hue"`
		At   [][2]int    `json:"at"`
		Text [][2]string `json:"text"`
	}
	var lines []line
	for _, c := range l.curves {
		if c.Pale {
			continue
		}
		out := line{Name: c.Name, Hue: c.Hue % len(hues)}
		for i := range c.X {
			out.At = append(out.At, [2]int{int(xAt(l, c.X[i])), int(yAt(l, c.Y[i]))})
			out.Text = append(out.Text, [2]string{number(round3(c.X[i])), strings.TrimSpace(number(c.Y[i]) + " " + f.Unit)})
		}
		lines = append(lines, out)
	}
	data, err := json.Marshal(lines) // escapes <, > and &
	if err != nil {
		return []byte("[]") // numbers and texts always encode
	}
	return data
}

func round3(v float64) float64 { return float64(int64(v*1000+0.5)) / 1000 }
