package cpu

import "mnv2/backend"

// convert changes element type and layout, and normalises images: y = x/Std - Mean/Std. A chunk is some rows of the picture;
// inside, the numbers of one channel of a row go through a small buffer of float32, so that every type need be read and
// written in one place only (elements.go).
type convert struct {
	*env
	op       backend.Convert
	from, to rows
	chunks   int
	pixels   *pixels // nil unless this is pictures of bytes to channel blocks
	task     func(chunk, worker int)
}

// convertChunk is about how many numbers a chunk has.
const convertChunk = 8 << 10

// rows is a tensor seen as rows of numbers, one for each image, height and channel.
type rows struct {
	desc     backend.Desc
	step     int // elements from one column to the next
	channels int // with padding lanes
}

func newRows(d backend.Desc) rows {
	r := rows{desc: d, step: d.C, channels: d.C}
	switch d.Layout {
	case backend.NCHW:
		r.step = 1
	case backend.NCHW8c:
		r.step, r.channels = lanes, blocks(d.C)*lanes
	}
	return r
}

func newConvert(o backend.Convert, e *env) (program, string) {
	c := &convert{env: e, op: o, from: newRows(o.From), to: newRows(o.To)}
	c.task = c.rows
	perRow := o.To.W * o.To.C
	c.chunks = max(1, min(o.To.N*o.To.H, o.To.N*o.To.H*perRow/convertChunk))
	if o.To.H == 1 && o.To.W == 1 && !o.Normalize {
		// On a 1x1 map the channels lie side by side in every layout: one long row instead of many short ones.
		c.task = c.vectors
		c.chunks = o.To.N
	}
	if c.pixels = newPixels(o, e); c.pixels != nil {
		c.task = c.pixelRows
	}
	return c, ""
}

func (c *convert) workspace() int64 { return 0 }

func (c *convert) run() error {
	c.parallel(c.chunks, c.task)
	return nil
}

func (c *convert) rows(chunk, _ int) {
	total := c.op.To.N * c.op.To.H
	for row := chunk * total / c.chunks; row < (chunk+1)*total/c.chunks; row++ {
		n, h := row/c.op.To.H, row%c.op.To.H
		for ch := range c.to.channels {
			to := c.op.To.Index(n, h, 0, ch)
			if ch >= c.op.To.C {
				c.zero(to, c.op.To.W, c.to.step)
				continue
			}
			c.move(to, c.op.From.Index(n, h, 0, ch), c.op.To.W, ch)
		}
	}
}

// convertBuffer is how many numbers are moved at a time.
const convertBuffer = 128

// move converts n numbers, of channel ch, from element from to element to on.
func (c *convert) move(to, from, n, ch int) {
	var buffer [convertBuffer]float32
	for n > 0 {
		part := buffer[:min(n, convertBuffer)]
		readElements(part, c.operands[0], c.op.From.DType, from, c.from.step)
		if c.op.Normalize {
			shift := c.op.Mean[ch] / c.op.Std[ch]
			for i, v := range part {
				part[i] = v/c.op.Std[ch] - shift
			}
		}
		writeElements(c.operands[1], c.op.To.DType, to, c.to.step, part)
		from, to, n = from+len(part)*c.from.step, to+len(part)*c.to.step, n-len(part)
	}
}

func (c *convert) zero(to, n, step int) {
	var zeros [convertBuffer]float32
	for n > 0 {
		part := zeros[:min(n, convertBuffer)]
		writeElements(c.operands[1], c.op.To.DType, to, step, part)
		to, n = to+len(part)*step, n-len(part)
	}
}

// vectors converts all channels of image n.
func (c *convert) vectors(n, _ int) {
	var buffer [convertBuffer]float32
	from, to := n*c.from.channels, n*c.to.channels
	for at := 0; at < c.op.To.C; at += convertBuffer {
		part := buffer[:min(convertBuffer, c.op.To.C-at)]
		readElements(part, c.operands[0], c.op.From.DType, from+at, 1)
		writeElements(c.operands[1], c.op.To.DType, to+at, 1, part)
	}
	c.zero(to+c.op.To.C, c.to.channels-c.op.To.C, 1)
}
