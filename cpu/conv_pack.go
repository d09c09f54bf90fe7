package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// packing is how the weights of a convolution, a matrix in OIHW order, are seen by the kernels.
type packing struct {
	out, in int
	outStep int   // in the OIHW tensor, from one output channel to the next
	inPlace []int // in the OIHW tensor, the place of each input channel
	inOrder bool  // inPlace[i] is i

	evenRows bool // inPlace[i] is i*inPlace[1], and in is a multiple of eight
}

func (p *packing) outBlocks() int { return blocks(p.out) }
func (p *packing) inBlocks() int  { return blocks(p.in) }

// forwardPacking takes a dense filter as a matrix from patches to output channels. A patch is the R*S taps of the filter,
// all channels of a tap beside each other.
func forwardPacking(o backend.Conv2D) packing {
	taps := o.R * o.S
	p := packing{out: o.K, in: o.C * taps, outStep: o.C * taps, inOrder: taps == 1}
	for tap := range taps {
		for c := range o.C {
			p.inPlace = append(p.inPlace, c*taps+tap)
		}
	}
	return p
}

// transposedPacking takes a 1x1 filter as a matrix from output channels to input channels.
func transposedPacking(o backend.Conv2D) packing {
	p := packing{out: o.C, in: o.K, outStep: 1}
	for k := range o.K {
		p.inPlace = append(p.inPlace, k*o.C)
	}
	p.evenRows = o.K%lanes == 0
	return p
}

// columns is output channels whose weights lie together, as many as a kernel takes at once.
type columns struct {
	block, vectors int // first channel block, and how many
	weights        int // place of the first weight
}

// mostColumns is the most vectors that columns have.
const mostColumns = 4

// cutColumns cuts channel blocks into columns of two vectors, with one of three where their number is odd. Where the kernels
// take four vectors, and there are enough of them to share, two columns are one.
func cutColumns(count int, e *env) []columns {
	var list []columns
	wide := e.train.Pointwise[mostColumns] != nil && count >= 8*mostColumns
	for at := 0; at < count; {
		c := columns{block: at, vectors: 2}
		switch rest := count - at; {
		case rest == 1:
			c.vectors = 1
		case rest%2 == 1:
			c.vectors = 3
		case rest >= mostColumns && wide:
			c.vectors = mostColumns
		}
		list = append(list, c)
		at += c.vectors
	}
	return list
}

// matrix is weights packed for the kernels of 1x1 convolutions: columns after columns, each [inBlocks*8][vectors*8].
type matrix struct {
	*env
	packing
	columns []columns
	weights section[float32]
	biases  section[vec] // or zero, of each output block
	args    own[packArgs]
}

func newMatrix(e *env, p packing, l *layout) matrix {
	m := newLooseMatrix(e, p)
	at := 0
	for i := range m.columns {
		m.columns[i].weights = at
		at += m.inBlocks() * lanes * m.columns[i].vectors * lanes
	}
	m.weights = region[float32](l, at)
	m.biases = region[vec](l, p.outBlocks())
	return m
}

// newLooseMatrix is a matrix without memory: some columns at a time are packed, by packTo, where they are multiplied at once.
func newLooseMatrix(e *env, p packing) matrix {
	return matrix{env: e, packing: p, columns: cutColumns(p.outBlocks(), e), args: newOwn[packArgs](e)}
}

// packArgs are the arguments of the kernels that pack.
type packArgs struct {
	transpose kernels.Transpose
	copy      kernels.Copy
}

// pack packs columns i of the weights w. Without a bias, bias is nil.
func (m *matrix) pack(i int, w, bias []float32, worker int) {
	c := m.columns[i]
	for b := c.block; b < c.block+c.vectors; b++ {
		m.biases.in(m.work)[b] = vec{}
		if bias != nil {
			m.biases.in(m.work)[b] = load8(bias, b)
		}
	}
	m.packTo(m.weights.in(m.work)[c.weights:], i, w, worker)
}

// packedVecs is the room that columns take, at most.
func (m *matrix) packedVecs() int { return m.inBlocks() * lanes * mostColumns }

// packTo packs columns i of the weights w.
func (m *matrix) packTo(to []float32, i int, w []float32, worker int) {
	c := m.columns[i]
	rows, step := m.inBlocks()*lanes, c.vectors*lanes
	to = to[:rows*step]
	used := min(step, m.out-c.block*lanes)
	switch {
	case m.inOrder && m.in%lanes == 0 && used == step:
		m.packTransposed(to, w, c, worker)
	case m.outStep == 1 && m.evenRows && used == step:
		m.copyRows(to, w[c.block*lanes:], c.vectors, worker)
	case m.outStep == 1:
		m.packRows(to, w[c.block*lanes:], step, used)
	default:
		m.packAny(to, w[c.block*lanes*m.outStep:], step, used)
	}
}

// packTransposed is for rows of weights that lie by input channel.
func (m *matrix) packTransposed(to, w []float32, c columns, worker int) {
	a := &m.args.of(worker).transpose
	for v := range c.vectors {
		*a = kernels.Transpose{From: &w[(c.block+v)*lanes*m.outStep], FromRow: 4 * m.outStep, To: &to[v*lanes],
			ToRow: 4 * c.vectors * lanes, Blocks: m.in / lanes}
		m.train.Transpose(a)
	}
	*a = kernels.Transpose{}
}

// copyRows is for weights whose output channels lie side by side already, in whole vectors.
func (m *matrix) copyRows(to, w []float32, vectors, worker int) {
	a := &m.args.of(worker).copy
	*a = kernels.Copy{From: &w[0], FromRow: 4 * m.inPlace[1], To: &to[0], ToRow: vectors * vecBytes, Rows: m.in, Vectors: vectors}
	m.train.Copy(a)
	*a = kernels.Copy{}
}

// packRows is copyRows where there are no whole vectors.
func (m *matrix) packRows(to, w []float32, step, used int) {
	for i, at := range m.inPlace {
		row := to[i*step : (i+1)*step]
		copy(row, w[at:at+used])
		clear(row[used:])
	}
	clear(to[len(m.inPlace)*step:])
}

func (m *matrix) packAny(to, w []float32, step, used int) {
	clear(to)
	for i, at := range m.inPlace {
		row := to[i*step : i*step+used]
		for k := range row {
			row[k] = w[at+k*m.outStep]
		}
	}
}

// sumBlocks is how many channel blocks are summed in one go. Shorter sums are more accurate, and their weights stay in the
// first-level cache.
const sumBlocks = 32

// multiply computes rows pixels for columns i: x and y are those of the columns' first block, whose blocks lie xBlock and
// yBlock vecs apart.
func (m *matrix) multiply(a *kernels.Pointwise, i int, y []vec, yBlock int, x []vec, xBlock, rows int) {
	c := &m.columns[i]
	a.Bias = &m.biases.in(m.work)[c.block][0]
	m.multiplyBy(m.weights.in(m.work)[c.weights:], a, i, y, yBlock, x, xBlock, rows)
}

// noBias is added where there is nothing to add.
var noBias [mostColumns]vec

// multiplyBy is multiply with the packed weights of columns i, and the bias in a.
func (m *matrix) multiplyBy(weights []float32, a *kernels.Pointwise, i int, y []vec, yBlock int, x []vec, xBlock, rows int) {
	c, count := &m.columns[i], m.inBlocks()
	parts := (count + sumBlocks - 1) / sumBlocks
	*a = kernels.Pointwise{XBlock: xBlock * vecBytes, Bias: a.Bias, Y: &y[0][0], YBlock: yBlock * vecBytes,
		Rows: m.Split(c.vectors, rows), Clamp: unclamped}
	for p := range parts {
		first := p * count / parts
		a.X, a.Blocks = &x[first*xBlock][0], (p+1)*count/parts-first
		a.W = &weights[first*lanes*c.vectors*lanes]
		m.train.Pointwise[c.vectors](a)
		a.Bias, a.Add = &noBias[0][0], a.Y
	}
	if used := m.out - (c.block+c.vectors-1)*lanes; used < lanes {
		// Infinity times the zero weights of padding lanes is not zero.
		clearLanes(y[(c.vectors-1)*yBlock:][:rows], used)
	}
}
