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
	expand       matrix
	project      matrix
	columns      kernels.Columns
	rows         int  // of mid in a tile
	ringRows     int  // of mid in the ring: two tiles, or the whole picture
	finishedRows int  // the most rows of the output that a tile completes
	whole        bool // the picture is one tile, and the ring is one panel's

	// For pictures of one tile that threads share.
	table         []int // row offsets for all output rows
	expandChunks  int   // pieces of the expansion's panels
	projectChunks int   // pieces of the rows for each panel of the projection
}

// panelBytes is how large the rows of one panel may be for a picture to be a single tile: about half of a first-level
// cache. tileRows is the size of a tile otherwise. Both were found by trying (AMD EPYC, Zen 3 and Zen 4).
const (
	panelBytes = 16 << 10
	tileRows   = 4
)

func newLayer(room *room, in picture, b Block, stem bool) layer {
	l := layer{in: in, mid: picture{in.h, in.w, b.E}, stem: stem, stride: b.Stride, residual: b.Residual}
	if stem {
		l.mid = in.strided(2, b.E)
		l.expand = newMatrix(room, 9*in.c, b.E, true)
	} else {
		l.expand = newMatrix(room, in.c, b.E, true)
	}
	l.out = l.mid.strided(b.Stride, b.K)
	l.project = newMatrix(room, b.E, b.K, false)
	l.columns = kernels.DepthwiseColumns(b.Stride, l.mid.w)
	l.chooseTile()
	return l
}

func (l *layer) chooseTile() {
	l.rows, l.ringRows = tileRows, 2*tileRows
	l.whole = 16*4*l.mid.pixels() <= panelBytes || l.mid.h <= tileRows
	if l.whole {
		l.rows, l.ringRows = l.mid.h, l.mid.h
	}
	l.finishedRows = min(l.out.h, l.rows/l.stride+1)
}

// share decides how threads share a picture of one tile.
func (l *layer) share(threads int) {
	if !l.whole {
		return
	}
	l.table = make([]int, 3*l.out.h)
	l.fillTable(l.table, &tile{next: l.out.h})
	l.expandChunks = min(len(l.expand.panels), chunksPerThread*threads)
	l.projectChunks = 1
	if wanted := chunksPerThread * threads; threads > 1 && len(l.project.panels) < wanted {
		l.projectChunks = min((wanted-1)/len(l.project.panels)+1, max(1, l.out.pixels()/leastPixels), l.out.h)
	}
}

// chunksPerThread is how finely shared work is cut: enough that the threads end at about the same time, few enough that each
// piece reads weights that lie together. leastPixels is how many rows of a matrix product are worth a call.
const (
	chunksPerThread = 4
	leastPixels     = 24
)

// ringPlane is how many numbers a channel block has in the ring.
func (l *layer) ringPlane() int { return l.ringRows * l.mid.w * kernels.Lanes }

// ringFloats is the size of the ring of one thread.
func (l *layer) ringFloats() int {
	blocks := l.mid.c / kernels.Lanes
	if l.whole {
		blocks = min(blocks, 3) // vectors in the widest panel
	}
	return blocks * l.ringPlane()
}

// finishedPlane is how many numbers a channel block has in the output of the depthwise convolution.
func (l *layer) finishedPlane() int { return l.finishedRows * l.out.w * kernels.Lanes }

func (l *layer) finishedFloats() int { return l.mid.c / kernels.Lanes * l.finishedPlane() }

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

// packDepthwise packs the depthwise filter [E][3][3] beside the panels of the expansion.
func (l *layer) packDepthwise(to []float32, c *Conv) {
	for _, p := range l.expand.panels {
		for j := range p.columns() {
			k := p.first + j
			scale, bias := c.fold(k)
			to[p.shift+j] = float32(bias)
			block, lane := j/kernels.Lanes, j%kernels.Lanes
			for tap := range 9 {
				to[p.filter+(block*9+tap)*kernels.Lanes+lane] = float32(scale * float64(c.W[k*9+tap]))
			}
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
