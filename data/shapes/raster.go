package shapes

import "slices"

// subpixel is the fixed-point unit of positions on the canvas: 256 steps per pixel.
const subpixel = 256

// subrows is the number of scan lines per pixel row. Along x the coverage is exact.
const subrows = 4

// full is the coverage of a pixel that lies wholly inside.
const full = subpixel

// coverage fills cover, size*size values in row order, with the part of each pixel that lies inside the polygons by the
// even-odd rule: 0 outside to full inside. Positions are in 1/subpixel of a pixel; what lies off the canvas is cut.
func coverage(cover []uint16, size int, polygons [][]point) {
	clear(cover)
	top, bottom := extent(polygons)
	first := max(0, int(floorDiv(top, subpixel)))
	last := min(size-1, int(floorDiv(bottom, subpixel)))
	var crossings []int64
	for y := first; y <= last; y++ {
		row := cover[y*size : (y+1)*size]
		for s := range int64(subrows) {
			// Sample the middle of the sub-row.
			at := int64(y)*subpixel + (2*s+1)*subpixel/(2*subrows)
			crossings = cross1D(crossings[:0], polygons, at)
			slices.Sort(crossings)
			for i := 0; i+1 < len(crossings); i += 2 {
				addSpan(row, crossings[i], crossings[i+1])
			}
		}
	}
}

// extent returns the smallest and the largest y of the polygons.
func extent(polygons [][]point) (top, bottom int64) {
	top, bottom = polygons[0][0].y, polygons[0][0].y
	for _, polygon := range polygons {
		for _, p := range polygon {
			top, bottom = min(top, p.y), max(bottom, p.y)
		}
	}
	return top, bottom
}

// cross1D appends the x of every edge that crosses the horizontal line at y. An edge owns its upper end and not its lower, so
// the number of crossings is even.
func cross1D(xs []int64, polygons [][]point, y int64) []int64 {
	for _, polygon := range polygons {
		a := polygon[len(polygon)-1]
		for _, b := range polygon {
			if (a.y <= y) != (b.y <= y) {
				xs = append(xs, a.x+(y-a.y)*(b.x-a.x)/(b.y-a.y))
			}
			a = b
		}
	}
	return xs
}

// addSpan adds the coverage of one sub-row between from and to (1/subpixel of a pixel) to a row.
func addSpan(row []uint16, from, to int64) {
	from, to = max(from, 0), min(to, int64(len(row))*subpixel)
	for from < to {
		x := from / subpixel
		end := min(to, (x+1)*subpixel)
		row[x] += uint16((end - from) / subrows)
		from = end
	}
}

// floorDiv returns a/b rounded towards minus infinity, for positive b.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
