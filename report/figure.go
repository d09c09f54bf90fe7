package report

import (
	"math"
	"slices"
	"strconv"
)

// Figure is a chart of curves over one horizontal axis.
type Figure struct {
	Title  string
	X      string // name of the horizontal axis
	Unit   string // of the values: "%", "img/s"
	Log    bool   // logarithmic vertical axis, if all values are positive
	LogX   bool   // the same of the horizontal axis
	Zero   bool   // the vertical axis begins at 0
	Curves []Curve
}

// Curve is a line through points.
type Curve struct {
	Name string
	X, Y []float64
	Dots bool // few points: mark each
	Pale bool // background of another curve
	Hue  int  // colour number
}

// mostPoints is how many points of a curve are drawn; longer ones are averaged.
const mostPoints = 400

// thinned returns the curve with at most mostPoints points, each the mean of its bucket, without values that are not finite.
func (c Curve) thinned() Curve {
	x, y := make([]float64, 0, len(c.X)), make([]float64, 0, len(c.Y))
	for i, v := range c.Y {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			x, y = append(x, c.X[i]), append(y, v)
		}
	}
	buckets := min(len(x), mostPoints)
	c.X, c.Y = make([]float64, buckets), make([]float64, buckets)
	for b := range buckets {
		from, to := b*len(x)/buckets, (b+1)*len(x)/buckets
		c.X[b], c.Y[b] = average(x[from:to]), average(y[from:to])
	}
	return c
}

func average(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// smoothed returns the exponential moving average of y, corrected for its start:
//
//	m[i] = d*m[i-1] + (1-d)*y[i],  out[i] = m[i] / (1 - d^(i+1))
func smoothed(y []float64, d float64) []float64 {
	out := make([]float64, len(y))
	m, weight := 0.0, 1.0
	for i, v := range y {
		m = d*m + (1-d)*v
		weight *= d
		out[i] = m / (1 - weight)
	}
	return out
}

// axis maps values to 0..1.
type axis struct {
	low, high float64
	log       bool
	ticks     []float64
}

func (a axis) at(v float64) float64 {
	if a.log {
		return (math.Log(v) - math.Log(a.low)) / (math.Log(a.high) - math.Log(a.low))
	}
	return (v - a.low) / (a.high - a.low)
}

// newAxis spans the values with round ticks, about n of them. whole widens a linear axis to whole ticks; without it the values are counts
// and ticks are whole numbers.
func newAxis(values []float64, n int, log, whole bool) axis {
	if len(values) == 0 {
		values = []float64{0, 1}
	}
	low, high := slices.Min(values), slices.Max(values)
	if log && low > 0 {
		return logAxis(low, high)
	}
	if high == low {
		low, high = spread(low)
	}
	step := roundStep((high - low) / float64(n))
	if !whole {
		step = max(step, 1)
	} else {
		low, high = math.Floor(low/step)*step, math.Ceil(high/step)*step
	}
	a := axis{low: low, high: high}
	for k := math.Ceil(low/step - 1e-9); k*step <= high+1e-9*step; k++ {
		a.ticks = append(a.ticks, k*step)
	}
	return a
}

// spread is a range around a single value.
func spread(v float64) (low, high float64) {
	if v == 0 {
		return 0, 1
	}
	return v - math.Abs(v)/10, v + math.Abs(v)/10
}

// logAxis has ticks at 1, 2 and 5 times powers of ten, only the powers if there are many.
func logAxis(low, high float64) axis {
	a := axis{low: low * 0.9, high: high * 1.1, log: true}
	parts := []float64{1, 2, 5}
	if high/low > 1e3 {
		parts = parts[:1]
	}
	for p := math.Floor(math.Log10(a.low)); p <= math.Ceil(math.Log10(a.high)); p++ {
		for _, m := range parts {
			if t := m * math.Pow(10, p); t >= a.low && t <= a.high {
				a.ticks = append(a.ticks, t)
			}
		}
	}
	return a
}

// roundStep is the smallest of 1, 2, 5 times a power of ten that is not below step.
func roundStep(step float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= step*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// number prints a value in at most four digits.
func number(v float64) string {
	if math.Abs(v) < 1e-12 {
		return "0"
	}
	if math.Abs(v) < 1e-3 || math.Abs(v) >= 1e6 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	return strconv.FormatFloat(math.Round(v*1e4)/1e4, 'f', -1, 64)
}

// layout holds a figure's thinned curves and its axes.
type layout struct {
	curves []Curve
	x, y   axis
}

func (f Figure) layout() layout {
	var l layout
	var xs, ys []float64
	for _, c := range f.Curves {
		c = c.thinned()
		l.curves = append(l.curves, c)
		xs, ys = append(xs, c.X...), append(ys, c.Y...)
	}
	if f.Zero && len(ys) > 0 {
		ys = append(ys, 0)
	}
	l.x, l.y = newAxis(xs, 10, f.LogX, false), newAxis(ys, 4, f.Log, true)
	return l
}
