package cpu

import "mnv2/cpu/internal/kernels"

// products is sums of outer products over all pixels, which become a part of a gradient of weights: dw[k][c] = sum over pixels p
// of dy[p][k]*x[p][c]. Rows of dw lie row numbers apart.
type products struct {
	dw                        []float32
	row                       int
	dy, x                     []vec
	dyBlock, xBlock           int // vecs from block to block
	dyBlocks, xBlocks, pixels int
}

// productSum computes products.
type productSum struct {
	*env
	tiles map[int][]columns // by channel blocks of x
	args  own[productArgs]
}

type productArgs struct {
	outer kernels.Outer
	addUp kernels.AddUp
	sums  [lanes * mostVectors * lanes]float64
}

func newProductSum(e *env) productSum {
	return productSum{env: e, tiles: map[int][]columns{}, args: newOwn[productArgs](e)}
}

// prepare makes the sum ready for an x of so many channel blocks.
func (s *productSum) prepare(blocks int) { s.tiles[blocks] = cutTiles(blocks, s.train.OuterMost()) }

// sum computes a part of a gradient. A single run of pixels is summed in registers and written; the sums of several meet in
// float64.
func (s *productSum) sum(worker int, p products) {
	args := s.args.of(worker)
	a := &args.outer
	*a = kernels.Outer{XBlock: p.xBlock * vecBytes, Images: 1, DYPixel: vecBytes, XPixel: vecBytes, ToRow: 4 * p.row}
	runs := max(1, (p.pixels+gradRun/2)/gradRun)
	for _, t := range s.tiles[p.xBlocks] {
		for k := range p.dyBlocks {
			dw := p.dw[k*lanes*p.row+t.block*lanes:]
			a.X, a.DY, a.Pixels = &p.x[t.block*p.xBlock][0], &p.dy[k*p.dyBlock][0], p.pixels
			if runs == 1 {
				a.To = &dw[0]
				s.train.Outer[t.vectors](a)
				continue
			}
			sums := args.sums[:lanes*t.vectors*lanes]
			clear(sums)
			a.Sum, a.SumRow = &sums[0], 8*t.vectors*lanes
			for run := range runs {
				first, end := part(run, runs, p.pixels)
				a.X, a.DY, a.Pixels = &p.x[t.block*p.xBlock+first][0], &p.dy[k*p.dyBlock+first][0], end-first
				s.train.Outer[t.vectors](a)
			}
			s.narrow(&args.addUp, dw, p.row, sums, t.vectors)
		}
	}
	args.outer, args.addUp = kernels.Outer{}, kernels.AddUp{}
}

// narrowSums writes eight rows of sums.
func (s *productSum) narrow(a *kernels.AddUp, dw []float32, row int, sums []float64, vectors int) {
	for k := range lanes {
		*a = kernels.AddUp{From: &sums[k*vectors*lanes], Groups: 1, To: &dw[k*row], Count: vectors}
		s.train.AddUp(a)
	}
}
