package cpu

import "mnv2/cpu/internal/kernels"

// gradRun is about how many pixels of a gradient are summed in float32.
const gradRun = 128

// runs cuts the pixels of some images into runs of about the same length: parts of a plane, or several small planes.
type runs struct {
	plane, pieces, images int // pieces of each image, or images of each run
}

func newRuns(plane, length int) runs {
	r := runs{plane: plane, pieces: max(1, (plane+length/2)/length), images: 1}
	if plane < length {
		r.images = length / plane
	}
	return r
}

// each calls f for every run in a range of images.
func (r runs) each(from, to int, f func(image, images, first, pixels int)) {
	for image := from; image < to; image += r.images {
		for p := range r.pieces {
			first := p * r.plane / r.pieces
			f(image, min(r.images, to-image), first, (p+1)*r.plane/r.pieces-first)
		}
	}
}

// sumMatrix is gradients of weights in float64: [groups][outBlocks*8][inBlocks*8], each group of the pixels of its own.
type sumMatrix struct {
	*env
	packing
	groups int
	tiles  []columns // of input channels
	parts  section[float64]
	outer  own[kernels.Outer]
	addUp  own[kernels.AddUp]
}

func newSumMatrix(e *env, p packing, groups int, l *layout) sumMatrix {
	s := sumMatrix{env: e, packing: p, groups: groups, tiles: cutTiles(p.inBlocks(), e.train.OuterMost()), outer: newOwn[kernels.Outer](e), addUp: newOwn[kernels.AddUp](e)}
	s.parts = region[float64](l, groups*s.size())
	return s
}

// mostVectors is the most vectors of a tile of sums.
const mostVectors = 6

// cutTiles cuts channel blocks into tiles of sums, of at most so many vectors.
func cutTiles(count, most int) []columns {
	if most > 3 {
		return cutWideTiles(count, most)
	}
	var tiles []columns
	for at := 0; at < count; {
		// Three vectors hide the most loads; two twos are better than three and one.
		vectors := min(most, count-at)
		if count-at == 4 {
			vectors = 2
		}
		tiles = append(tiles, columns{block: at, vectors: vectors})
		at += vectors
	}
	return tiles
}

// cutWideTiles cuts evenly, into pairs of vectors, which share a register. An odd one is the last.
func cutWideTiles(count, most int) []columns {
	var tiles []columns
	pairs, parts := (count+1)/2, (count+most-1)/most
	for i := range parts {
		from, to := part(i, parts, pairs)
		tiles = append(tiles, columns{block: 2 * from, vectors: min(2*to, count) - 2*from})
	}
	return tiles
}

func (s *sumMatrix) rowLength() int { return s.inBlocks() * lanes }
func (s *sumMatrix) size() int      { return s.outBlocks() * lanes * s.rowLength() }

// at returns the sums of a group from an output block and tile on.
func (s *sumMatrix) at(group, block, tile int) []float64 {
	return s.parts.in(s.work)[group*s.size()+block*lanes*s.rowLength()+s.tiles[tile].block*lanes:]
}

// clear sets the sums of some output blocks and tiles to zero.
func (s *sumMatrix) clear(group, block, tile, lastTile int) {
	last := s.tiles[lastTile]
	n := (last.block + last.vectors - s.tiles[tile].block) * lanes
	sums := s.at(group, block, tile)
	for k := range lanes {
		clear(sums[k*s.rowLength():][:n])
	}
}

// add adds a run to one tile of an output block.
func (s *sumMatrix) add(a *kernels.Outer, group, block, tile int) {
	a.Sum, a.SumRow = &s.at(group, block, tile)[0], 8*s.rowLength()
	s.train.Outer[s.tiles[tile].vectors](a)
}

// finish writes the gradients of an output block.
func (s *sumMatrix) finish(dw []float32, block, worker int) {
	rows := min(lanes, s.out-block*lanes)
	if s.inOrder && s.in%lanes == 0 {
		a := s.addUp.of(worker)
		*a = kernels.AddUp{From: &s.at(0, block, 0)[0], Group: 8 * s.size(), Groups: s.groups,
			To: &dw[block*lanes*s.in], Count: rows * s.in / lanes}
		s.train.AddUp(a)
		*a = kernels.AddUp{}
		return
	}
	sums := s.at(0, block, 0)
	for k := range rows {
		for i, at := range s.inPlace {
			total := 0.0
			for g := range s.groups {
				total += sums[g*s.size()+k*s.rowLength()+i]
			}
			dw[(block*lanes+k)*s.outStep+at] = float32(total)
		}
	}
}
