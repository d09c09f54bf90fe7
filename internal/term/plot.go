package term

import (
	"math"
	"strings"
)

// brailleDots are the bits of the eight dots of a braille character, by column and row.
var brailleDots = [2][4]rune{{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}}

const brailleBlank = '\u2800'

// Plot draws values as a line of braille dots, width characters wide and height lines high, the highest value on the first line and the
// lowest on the last. Neighbours are averaged if there are more values than dots; fewer are spread out. What is not finite is left out.
func Plot(values []float64, width, height int) []string {
	if width <= 0 || height <= 0 || len(values) == 0 {
		return nil
	}
	columns := squeeze(values, 2*width)
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range columns {
		if isFinite(v) {
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	p := newDots(width, height)
	before := -1
	for x := range 2 * width {
		v := columns[x*len(columns)/(2*width)]
		if !isFinite(v) {
			before = -1
			continue
		}
		y := p.row(v, low, high)
		p.stroke(x, before, y)
		before = y
	}
	return p.lines()
}

// dots is a field of dots, two columns and four rows to a character.
type dots struct {
	cells [][]rune
}

func newDots(width, height int) dots {
	d := dots{make([][]rune, height)}
	for i := range d.cells {
		d.cells[i] = []rune(strings.Repeat(string(brailleBlank), width))
	}
	return d
}

// row is the row of dots for v, counted from the top. Equal values lie in the middle.
func (d dots) row(v, low, high float64) int {
	rows := 4 * len(d.cells)
	if low == high {
		return rows / 2
	}
	share := (v/2 - low/2) / (high/2 - low/2)
	return rows - 1 - int(math.Round(share*float64(rows-1)))
}

// stroke sets the dot in row y of column x, and those between it and the row before, so that steep lines hold together.
func (d dots) stroke(x, before, y int) {
	from, to := y, y
	switch {
	case before < 0:
	case before < y:
		from = before + 1
	case before > y:
		to = before - 1
	}
	for r := from; r <= to; r++ {
		d.cells[r/4][x/2] |= brailleDots[x%2][r%4]
	}
}

func (d dots) lines() []string {
	lines := make([]string, len(d.cells))
	for i, row := range d.cells {
		lines[i] = string(row)
	}
	return lines
}
