package warp

import (
	"fmt"
	"math"
	"slices"

	"mnv2/data/pixel"
)

const (
	positionBits = 10 // behind the point of a position along an axis
	subBits      = 5  // of them that are used
	subSteps     = 1 << subBits
	weightBits   = 15
)

// Scratch is memory that Affine needs and keeps between calls. The zero value is ready; it must not be shared by goroutines.
type Scratch struct{ dx, dy []int32 }

// Affine overwrites dst with src moved by m. dst and src have the same size and one or three channels and share no memory. What lies outside
// src has the colour fill, also where the filter reaches over the border.
func Affine(dst, src pixel.Image, m Matrix, f Filter, fill [3]byte, s *Scratch) {
	if dst.W != src.W || dst.H != src.H || dst.C != src.C {
		panic(fmt.Sprintf("warp: destination %dx%dx%d, source %dx%dx%d", dst.W, dst.H, dst.C, src.W, src.H, src.C))
	}
	inv := m.inverse()
	s.dx, s.dy = slices.Grow(s.dx[:0], src.W)[:src.W], slices.Grow(s.dy[:0], src.W)[:src.W]
	for x := range src.W {
		s.dx[x] = fixed(float64(inv[0]*float64(x)) * (1 << positionBits))
		s.dy[x] = fixed(float64(inv[3]*float64(x)) * (1 << positionBits))
	}
	half := int32(1 << positionBits / subSteps / 2)
	if f == Nearest {
		half = 1 << positionBits / 2
	}
	for y := range src.H {
		x0 := fixed((float64(inv[1]*float64(y))+inv[2])*(1<<positionBits)) + half
		y0 := fixed((float64(inv[4]*float64(y))+inv[5])*(1<<positionBits)) + half
		row := rowWarp{src: src, fill: fill, dst: dst.Row(y), x0: x0, y0: y0, dx: s.dx, dy: s.dy}
		switch f {
		case Nearest:
			row.nearest()
		case Cubic:
			row.cubic()
		default:
			row.linear()
		}
	}
}

// fixed rounds half to even and limits to 32 bits.
func fixed(v float64) int32 {
	return int32(max(min(math.RoundToEven(v), math.MaxInt32), math.MinInt32))
}

// rowWarp makes one row of the result.
type rowWarp struct {
	src    pixel.Image
	fill   [3]byte
	dst    []byte
	x0, y0 int32
	dx, dy []int32
}

// short is a 16-bit position.
func short(v int32) int { return int(max(min(v, math.MaxInt16), math.MinInt16)) }

func (r *rowWarp) nearest() {
	c := r.src.C
	for x := range r.dx {
		sx, sy := short((r.x0+r.dx[x])>>positionBits), short((r.y0+r.dy[x])>>positionBits)
		copy(r.dst[x*c:x*c+c], r.at(sx, sy))
	}
}

// at returns the pixel (x, y), or the fill colour where there is none.
func (r *rowWarp) at(x, y int) []byte {
	if uint(x) >= uint(r.src.W) || uint(y) >= uint(r.src.H) {
		return r.fill[:r.src.C]
	}
	i := (y*r.src.W + x) * r.src.C
	return r.src.Pix[i : i+r.src.C]
}

// linear mixes four pixels. The weights are products of 5-bit fractions, so that the 15-bit ones of OpenCV are exact.
func (r *rowWarp) linear() {
	c, stride := r.src.C, r.src.W*r.src.C
	for x := range r.dx {
		px, py := (r.x0+r.dx[x])>>(positionBits-subBits), (r.y0+r.dy[x])>>(positionBits-subBits)
		sx, sy := short(px>>subBits), short(py>>subBits)
		fx, fy := px&(subSteps-1), py&(subSteps-1)
		w00, w01 := (subSteps-fx)*(subSteps-fy), fx*(subSteps-fy)
		w10, w11 := (subSteps-fx)*fy, fx*fy
		if c == 3 && uint(sx) < uint(r.src.W-1) && uint(sy) < uint(r.src.H-1) {
			i := (sy*r.src.W + sx) * 3
			a, b, d := r.src.Pix[i:i+6:i+6], r.src.Pix[i+stride:i+stride+6:i+stride+6], r.dst[3*x:3*x+3:3*x+3]
			d[0] = byte((int32(a[0])*w00 + int32(a[3])*w01 + int32(b[0])*w10 + int32(b[3])*w11 + 512) >> 10)
			d[1] = byte((int32(a[1])*w00 + int32(a[4])*w01 + int32(b[1])*w10 + int32(b[4])*w11 + 512) >> 10)
			d[2] = byte((int32(a[2])*w00 + int32(a[5])*w01 + int32(b[2])*w10 + int32(b[5])*w11 + 512) >> 10)
			continue
		}
		p00, p01, p10, p11 := r.at(sx, sy), r.at(sx+1, sy), r.at(sx, sy+1), r.at(sx+1, sy+1)
		for k := range c {
			sum := int32(p00[k])*w00 + int32(p01[k])*w01 + int32(p10[k])*w10 + int32(p11[k])*w11
			r.dst[x*c+k] = byte((sum + 512) >> 10)
		}
	}
}

// cubic mixes sixteen pixels.
func (r *rowWarp) cubic() {
	c, table := r.src.C, cubicTable()
	for x := range r.dx {
		px, py := (r.x0+r.dx[x])>>(positionBits-subBits), (r.y0+r.dy[x])>>(positionBits-subBits)
		sx, sy := short(px>>subBits)-1, short(py>>subBits)-1
		weights := &table[(py&(subSteps-1))*subSteps+px&(subSteps-1)]
		var sum [3]int32
		for i, w := range weights {
			for k, v := range r.at(sx+i&3, sy+i>>2) {
				sum[k] += int32(v) * int32(w)
			}
		}
		for k := range c {
			r.dst[x*c+k] = byte(min(max((sum[k]+1<<(weightBits-1))>>weightBits, 0), 255))
		}
	}
}
