package shapes

import "math"

// point is a position in fixed point. In an outline one unit of length, the radius of the circle that holds the shape,
// is unit.
type point struct{ x, y int64 }

const unit = 1 << 14

// turn is a full circle in the steps of the sine table.
const turn = 1024

var sines = func() (t [turn]int64) {
	for i := range t {
		t[i] = int64(math.Round(float64(unit * math.Sin(float64(2*math.Pi*float64(i)/turn)))))
	}
	return t
}()

// sin returns unit*sin(2*pi*a/turn) for any a, rounded.
func sin(a int64) int64 { return sines[((a%turn)+turn)%turn] }

func cos(a int64) int64 { return sin(a + turn/4) }

// onCircle returns the point at angle a on the circle of radius r (in units of 1/unit).
func onCircle(a, r int64) point { return point{r * cos(a) / unit, r * sin(a) / unit} }

// outline is one class: closed polygons in a circle of radius unit, filled by the even-odd rule.
type outline struct {
	name     string
	polygons [][]point
}

// outlines are the classes in class order, upright (y runs downwards). Each stays itself when mirrored or turned.
var outlines = [...]outline{
	{"circle", [][]point{regular(64, unit)}},
	{"square", [][]point{square(unit * 707 / 1000)}},
	{"triangle", [][]point{regular(3, unit)}},
	{"star", [][]point{star(5, unit, unit*42/100)}},
	{"cross", [][]point{cross(unit*94/100, unit*30/100)}},
	{"ring", [][]point{regular(64, unit), regular(64, unit*58/100)}},
	{"hourglass", [][]point{hourglass()}},
	{"crescent", [][]point{crescent()}},
	{"heart", [][]point{heart()}},
	{"arrow", [][]point{arrow()}},
}

// regular returns n corners on the circle of radius r, the first at the top.
func regular(n, r int64) []point {
	p := make([]point, n)
	for i := range p {
		p[i] = onCircle(int64(i)*turn/n-turn/4, r)
	}
	return p
}

// square returns a square with sides 2*a.
func square(a int64) []point { return []point{{a, a}, {-a, a}, {-a, -a}, {a, -a}} }

// star returns n tips on the circle of radius outer, the first at the top, with n notches of radius inner between them.
func star(n, outer, inner int64) []point {
	p := make([]point, 2*n)
	for i := range p {
		r := outer
		if i%2 == 1 {
			r = inner
		}
		p[i] = onCircle(int64(i)*turn/(2*n)-turn/4, r)
	}
	return p
}

// cross returns a plus sign with arms that reach out to a and are 2*b wide.
func cross(a, b int64) []point {
	return []point{{a, b}, {b, b}, {b, a}, {-b, a}, {-b, b}, {-a, b}, {-a, -b}, {-b, -b}, {-b, -a}, {b, -a}, {b, -b}, {a, -b}}
}

// crescent returns the moon that is left of the unit circle when a circle of radius 0.8, moved by 0.5, is taken away.
// The horns lie where both circles meet: at x = (1 + 0.5^2 - 0.8^2) / (2*0.5) = 0.61, so at angle acos(0.61) = 149/1024 turn,
// and at acos((0.61-0.5)/0.8) = 233/1024 turn seen from the second centre.
func crescent() []point {
	const steps, horn, innerHorn = 32, 149, 233
	var p []point
	for i := int64(0); i <= steps; i++ {
		p = append(p, onCircle(horn+i*(turn-2*horn)/steps, unit))
	}
	for i := int64(1); i < steps; i++ {
		q := onCircle(-innerHorn-i*(turn-2*innerHorn)/steps, unit*8/10)
		p = append(p, point{q.x + unit/2, q.y})
	}
	return p
}

// heart follows x = 16 sin^3 t, y = 13 cos t - 5 cos 2t - 2 cos 3t - cos 4t, divided by 17 and moved to the middle.
func heart() []point {
	p := make([]point, 64)
	for i := range p {
		t := int64(i) * turn / int64(len(p))
		s := sin(t)
		x := 16 * (s * s / unit * s / unit)
		y := 13*cos(t) - 5*cos(2*t) - 2*cos(3*t) - cos(4*t)
		p[i] = point{x / 17, -(y + unit) / 17} // y runs downwards here
	}
	return p
}

// hourglass is two triangles that nearly touch with their tips.
func hourglass() []point {
	at := func(x, y int64) point { return point{x * unit / 100, y * unit / 100} }
	return []point{at(-62, -78), at(62, -78), at(8, 0), at(62, 78), at(-62, 78), at(-8, 0)}
}

// arrow points along x: a head of half-width 0.62 on a shaft of half-width 0.24.
func arrow() []point {
	at := func(x, y int64) point { return point{x * unit / 100, y * unit / 100} }
	return []point{at(100, 0), at(15, 62), at(15, 24), at(-92, 24), at(-92, -24), at(15, -24), at(15, -62)}
}
