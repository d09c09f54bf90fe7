package netplan

import (
	"math"

	"mnv2/cpu/internal/kernels"
)

var (
	relu6  = kernels.Clamp{Low: 0, High: 6}
	linear = kernels.Clamp{Low: float32(math.Inf(-1)), High: float32(math.Inf(1))}
)

// tile is a run of rows of mid, and what becomes complete with it.
type tile struct {
	from, to    int   // rows of mid
	slot        int   // row of the ring where from lies
	done, next  int   // rows of the output
	base        int   // row of mid that lies in row 0 of the ring
	table       []int // row offsets of output rows done to next
	splits      [5]kernels.Split
	outputSplit [5]kernels.Split
}

// band computes rows p0 to p1 of the output from the picture x, tile by tile.
func (l *layer) band(p *Plan, w *worker, x, y []float32, p0, p1 int) {
	from, end := l.midRows(p0, p1)
	done := p0
	for at := from; at < end; at += l.rows {
		t := tile{from: at, to: min(at+l.rows, end), slot: (at - from) % l.ringRows, base: from, done: done}
		t.next = l.finished(t.to, end, done, p1)
		t.cut(p.set, l)
		t.table = l.table
		if !l.whole {
			t.table = w.table
			l.fillTable(t.table, &t)
		}
		for i := range l.groups {
			add := y // what the groups before have summed up
			if i == 0 {
				add = l.shortcut(x)
			}
			l.group(p, w, &t, i, x, y, add)
		}
		done = t.next
	}
}

// shortcut is what the residual connection adds, or nil.
func (l *layer) shortcut(x []float32) []float32 {
	if !l.residual {
		return nil
	}
	return x
}

// group computes what group i makes of a tile, plus add if that is not nil: the tile's output rows of y.
func (l *layer) group(p *Plan, w *worker, t *tile, i int, x, y, add []float32) {
	g := &l.groups[i]
	for i := range g.expand.panels {
		l.expandPanel(p, w, t, g, &g.expand.panels[i], x)
	}
	if t.next == t.done {
		return
	}
	for i := range g.project.panels {
		l.projectPanel(p, w, t, g, &g.project.panels[i], y, add)
	}
}

// cut divides the tile's rows among the kernels' tiles.
func (t *tile) cut(set *kernels.Set, l *layer) {
	for vectors := 1; vectors <= set.Widest(); vectors++ {
		t.splits[vectors] = set.Split(vectors, (t.to-t.from)*l.mid.w)
		t.outputSplit[vectors] = set.Split(vectors, (t.next-t.done)*l.out.w)
	}
}

// fillTable writes where the input rows of the depthwise convolution lie in the ring, three for each output row; -1 is
// outside of the picture.
func (l *layer) fillTable(table []int, t *tile) {
	rowBytes := 4 * kernels.Lanes * l.mid.w
	for p := t.done; p < t.next; p++ {
		for r := range 3 {
			row := l.stride*p + r - 1
			offset := -1
			if row >= 0 && row < l.mid.h {
				offset = (row - t.base) % l.ringRows * rowBytes
			}
			table[3*(p-t.done)+r] = offset
		}
	}
}

// expandPanel computes the tile's rows of one panel of mid, and at once the output rows of the depthwise convolution that
// are complete with them.
func (l *layer) expandPanel(p *Plan, w *worker, t *tile, g *group, m *panel, x []float32) {
	plane := l.ringPlane()
	ring := w.ring
	if !l.whole {
		ring += m.first / kernels.Lanes * plane
	}
	to := ring + t.slot*l.mid.w*kernels.Lanes
	if l.stem {
		l.stemRows(p, w, t, m, x, to)
	} else {
		a := &w.pointwise
		a.X, a.XBlock, a.Blocks = &x[t.from*l.in.w*kernels.Lanes], 4*l.in.plane(), l.in.c/kernels.Lanes
		p.usePanel(a, m)
		a.Y, a.YBlock, a.Add = &p.run.scratch[to], 4*plane, nil
		a.Rows, a.Clamp = t.splits[m.vectors], relu6
		p.set.Pointwise[m.vectors](a)
	}
	if t.next > t.done {
		l.depthwiseRows(p, w, t, m, ring, w.finished+(m.first-g.first)/kernels.Lanes*l.finishedPlane())
	}
}

// stemRows computes rows of the first convolution.
func (l *layer) stemRows(p *Plan, w *worker, t *tile, m *panel, x []float32, to int) {
	a := &w.stem
	a.Channels, a.W, a.Bias = l.in.c, &p.run.weights[m.weights], &p.run.weights[m.bias]
	a.YBlock, a.Clamp = 4*l.ringPlane(), relu6
	a.Ahead = 0
	if m.first == 0 {
		a.Ahead = aheadRows * l.in.w * 4 * kernels.Lanes
	}
	a.Odd = l.in.w % 2
	a.Rows = p.set.Split(m.vectors, l.mid.w-1-a.Odd)
	for row := t.from; row < t.to; row++ {
		for r := range a.X {
			a.X[r] = &p.run.weights[p.zeros]
			if in := 2*row + r - 1; in >= 0 && in < l.in.h {
				a.X[r] = &x[in*l.in.w*kernels.Lanes]
			}
		}
		a.Y = &p.run.scratch[to+(row-t.from)*l.mid.w*kernels.Lanes]
		p.set.Stem[m.vectors](a)
	}
}

// depthwiseRows computes the output rows of the depthwise convolution that are complete with the tile, from a panel's ring.
func (l *layer) depthwiseRows(p *Plan, w *worker, t *tile, m *panel, ring, finished int) {
	a := &w.depthwise
	a.Zero, a.Rows, a.Count = &p.run.weights[p.zeros], &t.table[0], t.next-t.done
	a.YRow, a.Cols, a.Clamp = 4*kernels.Lanes*l.out.w, l.columns, relu6
	for v := range m.vectors {
		a.X = &p.run.scratch[ring+v*l.ringPlane()]
		filter := p.run.weights[m.extra+v*depthwiseExtra*kernels.Lanes:]
		a.W, a.Bias = &filter[0], &filter[9*kernels.Lanes]
		a.Y = &p.run.scratch[finished+v*l.finishedPlane()]
		p.set.Depthwise[l.stride](a)
	}
}

// projectPanel computes one panel of the tile's output rows, and adds what is to be added.
func (l *layer) projectPanel(p *Plan, w *worker, t *tile, g *group, m *panel, y, add []float32) {
	at := m.first/kernels.Lanes*l.out.plane() + t.done*l.out.w*kernels.Lanes
	a := &w.pointwise
	a.X, a.XBlock, a.Blocks = &p.run.scratch[w.finished], 4*l.finishedPlane(), g.project.k/kernels.Lanes
	p.usePanel(a, m)
	a.Y, a.YBlock, a.Add = &y[at], 4*l.out.plane(), nil
	if add != nil {
		a.Add = &add[at]
	}
	a.Rows, a.Clamp = t.outputSplit[m.vectors], linear
	p.set.Pointwise[m.vectors](a)
}

// aheadFloats is how far ahead of their use weights are fetched from memory. It is several panels, so that the time between
// may be uneven, and a small part of a second-level cache.
const aheadFloats = 128 << 10 / 4

// aheadRows is how many rows of the images are fetched ahead.
const aheadRows = 4

// usePanel points a kernel at a panel's weights, and at as many weights that come some time after them.
func (p *Plan) usePanel(a *kernels.Pointwise, m *panel) {
	weights := p.run.weights
	a.W, a.Bias = &weights[m.weights], &weights[m.bias]
	from, to := min(m.weights+aheadFloats, p.weightFloats-1), min(m.next+aheadFloats, p.weightFloats)
	a.Ahead, a.AheadBytes = &weights[from], 4*(to-from)
}
