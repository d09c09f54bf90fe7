package kernels

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStem(t *testing.T) {
	forSets(t, func(t *testing.T, s *Set, v values, r *rand.Rand) {
		for vectors := 1; vectors <= s.Widest(); vectors++ {
			for width := 2; width <= 40; width++ {
				c := stemCase{width: width, channels: 1 + r.IntN(4), vectors: vectors}
				if r.IntN(2) == 0 {
					c.channels = 3
				}
				c.fill(v, r)
				s.Stem[vectors](c.args(s))
				c.check(t)
			}
		}
	})
}

// stemCase is a Stem over one row.
type stemCase struct {
	width, channels, vectors int
	x                        [3][]float32
	w, bias, y               []float32
	columns, yPlane          int
}

func (c *stemCase) fill(v values, r *rand.Rand) {
	c.columns = (c.width-1)/2 + 1
	c.yPlane = Lanes * (c.columns + r.IntN(2))
	for i := range c.x {
		c.x[i] = v.slice(r, c.width*Lanes)
	}
	c.w, c.bias = v.slice(r, 9*c.channels*c.vectors*Lanes), v.slice(r, c.vectors*Lanes)
	c.y = guarded((c.vectors-1)*c.yPlane + c.columns*Lanes)
}

func (c *stemCase) args(s *Set) *Stem {
	odd := c.width % 2
	return &Stem{X: [3]*float32{&c.x[0][0], &c.x[1][0], &c.x[2][0]}, Channels: c.channels, W: &c.w[0], Bias: &c.bias[0],
		Y: &c.y[0], YBlock: 4 * c.yPlane, Rows: s.Split(c.vectors, c.columns-1-odd), Odd: odd, Clamp: relu6}
}

func (c *stemCase) want(q, j int) exact {
	var e exact
	e.add(float64(c.bias[j]))
	for r := range 3 {
		for ch := range c.channels {
			for s := range 3 {
				if w := 2*q + s - 1; w >= 0 && w < c.width {
					e.add(float64(c.x[r][w*Lanes+ch]), float64(c.w[((r*c.channels+ch)*3+s)*c.vectors*Lanes+j]))
				}
			}
		}
	}
	return e
}

func (c *stemCase) check(t *testing.T) {
	t.Helper()
	for v := range c.vectors {
		for q := range c.columns {
			for l := range Lanes {
				e := c.want(q, v*Lanes+l)
				e.require(t, c.y[v*c.yPlane+q*Lanes+l], relu6, "width %d, output %d, column %d", c.width, q, v*Lanes+l)
			}
		}
		if v+1 < c.vectors {
			for _, got := range c.y[v*c.yPlane+c.columns*Lanes : (v+1)*c.yPlane] {
				require.Equal(t, sentinel, got, "beyond block %d", v)
			}
		}
	}
	requireGuards(t, c.y)
}
