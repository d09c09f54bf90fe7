package netplan

import (
	"fmt"

	"mnv2/cpu/internal/kernels"
)

// layer is an inverted residual with everything that can be known before a run. The picture mid is what the depthwise
// convolution reads: the expanded picture, or the stem's output.
type layer struct {
	in, mid, out picture
	stem         bool
	stride       int
	residual     bool
	groups       []group
	columns      kernels.Columns
	rows         int   // of mid in a tile
	ringRows     int   // of mid in the ring: two tiles, or the whole picture
	finishedRows int   // the most rows of the output that a tile completes
	whole        bool  // the picture is one tile, and the ring is one panel's
	table        []int // if whole, the row offsets for all output rows
}

// group is some of the expanded channels: their expansion, and what the projection makes of them. The output is the sum of
// all groups. Large pictures have one group. Those of one tile have several: each is a piece of work that needs no other,
// reads its own weights, in order, and keeps the output of its depthwise convolution to itself.
//
// The groups do not depend on the number of threads, nor the order in which they are summed up; so neither do the results.
type group struct {
	first   int // expanded channel
	expand  matrix
	project matrix // of the group's channels to all outputs; only the first group has the bias
}

// panelBytes is how large the rows of one panel may be for a picture to be a single tile: about half of a first-level
// cache. tileRows is the size of a tile otherwise: of two rows of 112 pixels a panel of 32 channels is 28 KiB, and the ring
// twice that. wholeGroups is how many groups such a picture has. They were found by trying (AMD EPYC, Zen 3 and Zen 4; tileRows on
// an Intel Xeon with AVX-512, where four rows took 1.06 times as long on two threads and one row as long as two).
const (
	panelBytes  = 16 << 10
	tileRows    = 2
	wholeGroups = 4
)

func newLayer(room *room, in picture, b Block, stem bool, widest int) layer {
	l := layer{in: in, mid: picture{in.h, in.w, b.E}, stem: stem, stride: b.Stride, residual: b.Residual}
	taps := in.c
	if stem {
		l.mid = in.strided(2, b.E)
		taps = 9 * in.c
	}
	l.out = l.mid.strided(b.Stride, b.K)
	l.columns = kernels.DepthwiseColumns(b.Stride, l.mid.w)
	l.chooseTile()
	l.makeGroups(room, taps, widest)
	return l
}

func (l *layer) chooseTile() {
	l.rows, l.ringRows = tileRows, 2*tileRows
	l.whole = 16*4*l.mid.pixels() <= panelBytes || l.mid.h <= tileRows
	if l.whole {
		l.rows, l.ringRows = l.mid.h, l.mid.h
		l.table = make([]int, 3*l.out.h)
		l.fillTable(l.table, &tile{next: l.out.h})
	}
	l.finishedRows = min(l.out.h, l.rows/l.stride+1)
}

// makeGroups deals the panels of the expanded channels out to the groups.
func (l *layer) makeGroups(room *room, taps, widest int) {
	all := panels(l.mid.c, widest)
	count := 1
	if l.whole {
		count = min(wholeGroups, len(all))
	}
	for g := range count {
		own := all[g*len(all)/count : (g+1)*len(all)/count]
		first, end := own[0].first, own[len(own)-1].end()
		l.groups = append(l.groups, group{
			first:   first,
			expand:  newMatrix(room, taps, own, depthwiseExtra),
			project: newMatrix(room, end-first, panels(l.out.c, widest), 0),
		})
	}
}

// ringPlane is how many numbers a channel block has in the ring.
func (l *layer) ringPlane() int { return l.ringRows * l.mid.w * kernels.Lanes }

// ringFloats is the size of the ring of one thread.
func (l *layer) ringFloats() int {
	blocks := l.mid.c / kernels.Lanes
	if l.whole {
		blocks = min(blocks, widestPanel/kernels.Lanes)
	}
	return blocks * l.ringPlane()
}

// finishedPlane is how many numbers a channel block has in the output of the depthwise convolution.
func (l *layer) finishedPlane() int { return l.finishedRows * l.out.w * kernels.Lanes }

// finishedFloats is the size of the depthwise convolution's output for one tile and group.
func (l *layer) finishedFloats() int {
	most := 0
	for _, g := range l.groups {
		most = max(most, g.project.k)
	}
	return most / kernels.Lanes * l.finishedPlane()
}

// midRows returns the rows of mid that rows p0 to p1 of the output are made from.
func (l *layer) midRows(p0, p1 int) (from, end int) {
	return max(0, l.stride*p0-1), min(l.mid.h, l.stride*(p1-1)+2)
}

// finished returns the end of the rows of the output that are complete when mid has its rows before to, of those before end
// that output rows up to p1 need.
func (l *layer) finished(to, end, done, p1 int) int {
	if to == end {
		return p1
	}
	if to < 2 {
		return done
	}
	return max(done, (to-2)/l.stride+1)
}

// pack packs the three convolutions of the block, with batch norm folded in.
func (l *layer) pack(to []float32, expand, depthwise, project *Conv) {
	order := inOrder
	if l.stem {
		order = l.stemOrder
	}
	for i := range l.groups {
		g := &l.groups[i]
		g.expand.packFolded(to, expand, g.expand.k, order, expand.bias)
		g.packDepthwise(to, depthwise)
		bias := project.bias
		if i > 0 {
			bias = func(int) float32 { return 0 }
		}
		g.project.packFolded(to, project, l.mid.c, func(k int) int { return g.first + k }, bias)
	}
}

// depthwiseExtra is how many weights of the depthwise convolution a channel has: nine taps and the bias.
const depthwiseExtra = 10

// packDepthwise packs the depthwise filters [E][3][3] after the panels of the expansion, as [vectors][9+1][8].
func (g *group) packDepthwise(to []float32, c *Conv) {
	for _, p := range g.expand.panels {
		for j := range p.columns() {
			k := p.first + j
			scale, bias := c.fold(k)
			at := p.extra + j/kernels.Lanes*depthwiseExtra*kernels.Lanes + j%kernels.Lanes
			for tap := range 9 {
				to[at+tap*kernels.Lanes] = float32(scale * float64(c.W[k*9+tap]))
			}
			to[at+9*kernels.Lanes] = float32(bias)
		}
	}
}

// stemOrder is the order of the stem's taps: row, channel, column; in OIHW it is channel, row, column.
func (l *layer) stemOrder(k int) int {
	row, channel, column := k/(3*l.in.c), k/3%l.in.c, k%3
	return (channel*3+row)*3 + column
}

// describe names the layer for people.
func (l *layer) describe() string {
	return fmt.Sprintf("%dx%d %d->%d->%d stride %d", l.mid.h, l.mid.w, l.in.c, l.mid.c, l.out.c, l.stride)
}
