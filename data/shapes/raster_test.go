package shapes

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// area is the shoelace formula, in units of unit squared.
func area(polygon []point) float64 {
	sum := 0.0
	a := polygon[len(polygon)-1]
	for _, b := range polygon {
		sum += float64(a.x)*float64(b.y) - float64(b.x)*float64(a.y)
		a = b
	}
	return math.Abs(sum) / 2 / unit / unit
}

func TestOutlineAreas(t *testing.T) {
	want := map[string]float64{
		"circle": math.Pi, "square": 2, "triangle": 3 * math.Sqrt(3) / 4, "hourglass": 2 * 0.78 * (0.62 + 0.08),
		"star":     5 * 0.42 * math.Sin(math.Pi/5), // ten triangles with sides 1 and 0.42
		"cross":    4*0.94*0.6 - 0.6*0.6,
		"ring":     math.Pi * (1 - 0.58*0.58),
		"crescent": math.Pi - lens(0.8, 0.5),
		"heart":    180 * math.Pi / 17 / 17, // the curve's area is 180 pi
		"arrow":    0.85*0.62 + 1.07*0.48,
	}
	for _, o := range outlines {
		got := area(o.polygons[0])
		if len(o.polygons) == 2 {
			got -= area(o.polygons[1])
		}
		require.InEpsilon(t, want[o.name], got, 0.01, o.name)
	}
}

// lens is the area common to the unit circle and a circle of radius r whose centre is d away.
func lens(r, d float64) float64 {
	return math.Acos((d*d+1-r*r)/(2*d)) + r*r*math.Acos((d*d+r*r-1)/(2*d*r)) -
		0.5*math.Sqrt((-d+1+r)*(d+1-r)*(d-1+r)*(d+1+r))
}

func TestOutlinesStayInTheCircle(t *testing.T) {
	for _, o := range outlines {
		for _, polygon := range o.polygons {
			for _, p := range polygon {
				require.LessOrEqual(t, math.Hypot(float64(p.x), float64(p.y)), unit*1.03, o.name)
			}
		}
	}
}

// TestCoverageIsTheArea compares the summed coverage with the polygon's area, at any angle and place inside the canvas.
func TestCoverageIsTheArea(t *testing.T) {
	const size = 64
	cover := make([]uint16, size*size)
	d := draw{rand.NewPCG(1, 2)}
	for _, o := range outlines {
		for range 5 {
			radius := d.between(canvas/5, canvas/4)
			at := place{d.between(0, turn), radius, radius, d.between(canvas/3, canvas*2/3), d.between(canvas/3, canvas*2/3)}
			coverage(cover, size, scaled(at.polygons(o.polygons), size))
			sum := 0.0
			for _, c := range cover {
				require.LessOrEqual(t, c, uint16(full))
				sum += float64(c) / full
			}
			want := area(o.polygons[0])
			if len(o.polygons) == 2 {
				want -= area(o.polygons[1])
			}
			pixels := float64(radius) / canvas * size
			require.InEpsilon(t, want*pixels*pixels, sum, 0.02, o.name)
		}
	}
}

func TestCoverageCutsAtTheBorder(t *testing.T) {
	// A square of 4x4 pixels around the top-left corner of a canvas of 8x8: 2x2 pixels are seen.
	cover := make([]uint16, 64)
	s := int64(2 * subpixel)
	coverage(cover, 8, [][]point{{{-s, -s}, {s, -s}, {s, s}, {-s, s}}})
	for i, c := range cover {
		want := uint16(0)
		if i%8 < 2 && i/8 < 2 {
			want = full
		}
		require.Equal(t, want, c, "pixel %d", i)
	}
	coverage(cover, 8, [][]point{{{-3 * s, -3 * s}, {-2 * s, -3 * s}, {-2 * s, -2 * s}}})
	require.Equal(t, make([]uint16, 64), cover, "a polygon off the canvas leaves no trace, and the old one is gone")
}
