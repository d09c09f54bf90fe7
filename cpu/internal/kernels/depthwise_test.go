package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// depthwiseCase is a Depthwise over all rows of a picture.
type depthwiseCase struct {
	stride, height, width int
	clamp                 Clamp
	x, w, bias, zero, y   []float32
	table                 []int
	rows, columns, yRow   int // of the output
}

func (c *depthwiseCase) fill(v values, r *rand.Rand) {
	c.rows, c.columns = (c.height-1)/c.stride+1, (c.width-1)/c.stride+1
	c.yRow = Lanes * (c.columns + r.IntN(2))
	c.x = v.slice(r, c.height*c.width*Lanes)
	c.w, c.bias = v.slice(r, 9*Lanes), v.slice(r, Lanes)
	c.zero = make([]float32, c.width*Lanes)
	c.y = guarded((c.rows-1)*c.yRow + c.columns*Lanes)
	c.table = nil
	for p := range c.rows {
		for s := range 3 {
			offset := (c.stride*p + s - 1) * c.width * vecBytes
			if offset >= 4*len(c.x) {
				offset = -1
			}
			c.table = append(c.table, offset)
		}
	}
}

func (c *depthwiseCase) args() *Depthwise {
	return &Depthwise{X: &c.x[0], Zero: &c.zero[0], Rows: &c.table[0], Count: c.rows, W: &c.w[0], Bias: &c.bias[0], Y: &c.y[0],
		YRow: 4 * c.yRow, Cols: DepthwiseColumns(c.stride, c.width), Clamp: c.clamp}
}

func (c *depthwiseCase) want(p, q, lane int) exact {
	var e exact
	e.add(float64(c.bias[lane]))
	for r := range 3 {
		for s := range 3 {
			h, w := c.stride*p+r-1, c.stride*q+s-1
			if w < 0 || w >= c.width {
				continue
			}
			x := 0.0
			if h >= 0 && h < c.height {
				x = float64(c.x[(h*c.width+w)*Lanes+lane])
			}
			e.add(x, float64(c.w[(3*r+s)*Lanes+lane]))
		}
	}
	return e
}

func (c *depthwiseCase) check(t *testing.T) {
	t.Helper()
	for p := range c.rows {
		for q := range c.columns {
			for l := range Lanes {
				e := c.want(p, q, l)
				e.require(t, c.y[p*c.yRow+q*Lanes+l], c.clamp, "%dx%d stride %d, output %d,%d,%d", c.height, c.width, c.stride, p, q, l)
			}
		}
		if p+1 < c.rows {
			for _, got := range c.y[p*c.yRow+c.columns*Lanes : (p+1)*c.yRow] {
				require.Equal(t, sentinel, got, "beyond row %d", p)
			}
		}
	}
	requireGuards(t, c.y)
}

func TestDepthwise(t *testing.T) {
	forSets(t, func(t *testing.T, s *Set, v values, r *rand.Rand) {
		for stride := 1; stride <= 2; stride++ {
			for width := 1; width <= 26; width++ {
				c := depthwiseCase{stride: stride, height: 1 + r.IntN(6), width: width, clamp: relu6}
				if r.IntN(3) == 0 {
					c.clamp = linear
				}
				c.fill(v, r)
				s.Depthwise[stride](c.args())
				c.check(t)
			}
		}
	})
}

func TestDepthwiseColumns(t *testing.T) {
	for stride := 1; stride <= 2; stride++ {
		for width := 1; width <= 300; width++ {
			c := DepthwiseColumns(stride, width)
			outputs := c.Edge&3 + 1 + 4*c.Middle
			if c.Edge&edgeOnly == 0 {
				outputs += 4
			}
			name := fmt.Sprintf("stride %d, width %d", stride, width)
			require.Equal(t, (width-1)/stride+1, outputs, name)
			last := stride*(outputs-1) + 1
			require.Equal(t, last >= width, c.Edge&edgeCut != 0, name)
		}
	}
}
