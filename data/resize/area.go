package resize

import (
	"math"
	"slices"

	"mnv2/data/pixel"
)

// areaTap is a source position's share of an output.
type areaTap struct {
	out, in int
	share   float32
}

type areaScratch struct {
	cols, rows []areaTap
	line, sum  []float32
}

// areaWindow is Window for CV2Area where neither side grows.
func areaWindow(dst, src pixel.Image, r pixel.Rect, t Target, s *areaScratch) {
	if r.W%t.W == 0 && r.H%t.H == 0 {
		areaWhole(dst, src, r, t)
		return
	}
	s.cols = areaTaps(s.cols[:0], newCV2Axis(r.W, t.W, true).scale, r.W, t.X, dst.W)
	s.rows = areaTaps(s.rows[:0], newCV2Axis(r.H, t.H, true).scale, r.H, t.Y, dst.H)
	n := dst.W * dst.C
	s.line, s.sum = slices.Grow(s.line[:0], n)[:n], slices.Grow(s.sum[:0], n)[:n]
	clear(s.sum)
	for i, tap := range s.rows {
		areaLine(s.line, rowOf(src, r, tap.in), s.cols, src.C)
		if i > 0 && s.rows[i-1].out != tap.out {
			clear(s.sum)
		}
		for k, v := range s.line {
			s.sum[k] += float32(v * tap.share)
		}
		if i == len(s.rows)-1 || s.rows[i+1].out != tap.out {
			round(dst.Row(tap.out), s.sum)
		}
	}
}

// areaTaps appends the shares of outputs first to first+n-1, numbered from 0. Shares of less than a thousandth pixel are left out.
func areaTaps(taps []areaTap, scale float64, in, first, n int) []areaTap {
	for out := range n {
		from := float64(first+out) * scale
		to := from + scale
		width := min(scale, float64(in)-from)
		hi := min(int(math.Floor(to)), in-1)
		lo := min(int(math.Ceil(from)), hi)
		if float64(lo)-from > 1e-3 {
			taps = append(taps, areaTap{out, lo - 1, float32((float64(lo) - from) / width)})
		}
		for i := lo; i < hi; i++ {
			taps = append(taps, areaTap{out, i, float32(1 / width)})
		}
		if to-float64(hi) > 1e-3 {
			taps = append(taps, areaTap{out, hi, float32(min(to-float64(hi), 1, width) / width)})
		}
	}
	return taps
}

// areaLine sums a row horizontally.
func areaLine(line []float32, row []byte, taps []areaTap, channels int) {
	clear(line)
	for _, t := range taps {
		from, to := row[t.in*channels:(t.in+1)*channels], line[t.out*channels:(t.out+1)*channels]
		for c, v := range from {
			to[c] += float32(float32(v) * t.share)
		}
	}
}

func round(dst []byte, sum []float32) {
	for i, v := range sum {
		dst[i] = byte(min(math.RoundToEven(float64(v)), 255))
	}
}

// areaWhole is areaWindow where a result pixel covers whole pixels.
func areaWhole(dst, src pixel.Image, r pixel.Rect, t Target) {
	fx, fy := r.W/t.W, r.H/t.H
	share := 1 / float32(fx*fy)
	for y := range dst.H {
		out := dst.Row(y)
		for x := range dst.W {
			for c := range dst.C {
				sum := 0
				for i := range fy {
					row := rowOf(src, r, (t.Y+y)*fy+i)
					for k := range fx {
						sum += int(row[((t.X+x)*fx+k)*src.C+c])
					}
				}
				if fx == 2 && fy == 2 {
					out[x*dst.C+c] = byte((sum + 2) >> 2)
				} else {
					out[x*dst.C+c] = byte(math.RoundToEven(float64(float32(sum) * share)))
				}
			}
		}
	}
}
