package kernels

import (
	"math/rand/v2"
	"testing"
)

// pointwiseCase is a Pointwise with the slices that its pointers point into.
type pointwiseCase struct {
	rows, blocks, vectors int
	residual              bool
	clamp                 Clamp
	x, w, bias, add, y    []float32
	xPlane, yPlane        int // numbers from a channel block to the next
}

func (c *pointwiseCase) fill(v values, r *rand.Rand) {
	c.xPlane, c.yPlane = Lanes*(c.rows+r.IntN(3)), Lanes*(c.rows+r.IntN(3))
	c.x = v.slice(r, c.blocks*c.xPlane)
	c.w = v.slice(r, c.blocks*Lanes*c.vectors*Lanes)
	c.bias = v.slice(r, c.vectors*Lanes)
	c.add = v.slice(r, c.vectors*c.yPlane)
	c.y = guarded((c.vectors-1)*c.yPlane + c.rows*Lanes)
}

func (c *pointwiseCase) args(s *Set) *Pointwise {
	a := &Pointwise{X: &c.x[0], XBlock: 4 * c.xPlane, Blocks: c.blocks, W: &c.w[0], Bias: &c.bias[0],
		Y: &c.y[0], YBlock: 4 * c.yPlane, Rows: s.Split(c.vectors, c.rows), Clamp: c.clamp}
	if c.residual {
		a.Add = &c.add[0]
	}
	return a
}

func (c *pointwiseCase) want(i, j int) exact {
	var e exact
	e.add(float64(c.bias[j]))
	for k := range c.blocks * Lanes {
		e.add(float64(c.x[k/Lanes*c.xPlane+i*Lanes+k%Lanes]), float64(c.w[k*c.vectors*Lanes+j]))
	}
	if c.residual {
		e.add(float64(c.add[j/Lanes*c.yPlane+i*Lanes+j%Lanes]))
	}
	return e
}

func (c *pointwiseCase) check(t *testing.T) {
	t.Helper()
	for v := range c.vectors {
		for i := range c.rows {
			for l := range Lanes {
				e := c.want(i, v*Lanes+l)
				e.require(t, c.y[v*c.yPlane+i*Lanes+l], c.clamp, "row %d of %d, column %d, K = %d", i, c.rows, v*Lanes+l, c.blocks*Lanes)
			}
		}
		if v+1 < c.vectors { // what lies between the channel blocks
			for _, got := range c.y[v*c.yPlane+c.rows*Lanes : (v+1)*c.yPlane] {
				if got != sentinel {
					t.Fatalf("block %d: written beyond its last row", v)
				}
			}
		}
	}
	requireGuards(t, c.y)
}

func TestPointwise(t *testing.T) {
	forSets(t, func(t *testing.T, s *Set, v values, r *rand.Rand) {
		for vectors := 1; vectors <= s.Widest(); vectors++ {
			for rows := 1; rows <= 32; rows++ {
				c := pointwiseCase{rows: rows, blocks: 1 + r.IntN(5), vectors: vectors, residual: r.IntN(2) == 0, clamp: linear}
				if r.IntN(2) == 0 {
					c.clamp = relu6
				}
				c.fill(v, r)
				s.Pointwise[vectors](c.args(s))
				c.check(t)
			}
		}
	})
}

// TestPointwiseSizes runs the sizes of the network.
func TestPointwiseSizes(t *testing.T) {
	cases := []pointwiseCase{
		{rows: 112, blocks: 2, vectors: 2, clamp: relu6},
		{rows: 224, blocks: 12, vectors: 3, clamp: linear},
		{rows: 196, blocks: 48, vectors: 2, clamp: linear, residual: true},
		{rows: 49, blocks: 120, vectors: 2, clamp: linear, residual: true},
		{rows: 49, blocks: 40, vectors: 1, clamp: relu6},
	}
	for _, s := range Sets() {
		for _, c := range cases {
			c.fill(allValues[0], rand.New(rand.NewPCG(3, 4)))
			s.Pointwise[c.vectors](c.args(s))
			c.check(t)
		}
	}
}

// TestPointwiseInPlace adds the residual from where the result goes.
func TestPointwiseInPlace(t *testing.T) {
	for _, s := range Sets() {
		c := pointwiseCase{rows: 23, blocks: 3, vectors: 2, clamp: linear, residual: true}
		c.fill(allValues[0], rand.New(rand.NewPCG(5, 6)))
		a := c.args(s)
		a.Add = a.Y
		for v := range c.vectors {
			copy(c.y[v*c.yPlane:v*c.yPlane+c.rows*Lanes], c.add[v*c.yPlane:])
		}
		s.Pointwise[c.vectors](a)
		c.check(t)
	}
}

// TestPointwiseRowsAreIndependent: a row's result has the same bits in whichever tile it falls.
func TestPointwiseRowsAreIndependent(t *testing.T) {
	for _, s := range Sets() {
		for vectors := 1; vectors <= s.Widest(); vectors++ {
			c := pointwiseCase{rows: 49, blocks: 4, vectors: vectors, clamp: relu6}
			c.fill(allValues[0], rand.New(rand.NewPCG(7, 8)))
			s.Pointwise[vectors](c.args(s))
			whole := append([]float32(nil), c.y...)
			for row := range c.rows {
				a := c.args(s)
				a.X, a.Y, a.Rows = &c.x[row*Lanes], &c.y[row*Lanes], s.Split(vectors, 1)
				s.Pointwise[vectors](a)
			}
			for i := range whole {
				if whole[i] != c.y[i] {
					t.Fatalf("%s, %d columns: number %d is %g alone and %g among others", s.Name, vectors*Lanes, i, c.y[i], whole[i])
				}
			}
		}
	}
}
