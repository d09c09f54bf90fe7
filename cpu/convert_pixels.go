package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// pixels is the conversion of pictures of bytes to normalised channel blocks, which the kernel of that name does.
type pixels struct {
	args own[kernels.Pixels]
	slow int // pixels at the end of the tensor that the kernel must not take, since it reads eight bytes for each
}

// newPixels returns nil where the conversion is another one.
func newPixels(o backend.Convert, e *env) *pixels {
	from, to := o.From, o.To
	if !o.Normalize || from.DType != backend.U8 || from.Layout != backend.NHWC || to.DType != backend.F32 ||
		to.Layout != backend.NCHW8c || from.C > len(o.Std) || from.W*from.C < lanes {
		return nil
	}
	p := &pixels{args: newOwn[kernels.Pixels](e), slow: (lanes - 1) / from.C}
	for worker := range p.args {
		a := p.args.of(worker)
		a.Channels = from.C
		for l := range a.Std {
			a.Std[l] = 1
			if l < from.C {
				a.Std[l], a.Shift[l], a.Mask[l] = o.Std[l], o.Mean[l]/o.Std[l], ^uint32(0)
			}
		}
	}
	return p
}

// pixelRows converts rows of the picture.
func (c *convert) pixelRows(chunk, worker int) {
	a, height, width := c.pixels.args.of(worker), c.op.To.H, c.op.To.W
	total := c.op.To.N * height
	for row := chunk * total / c.chunks; row < (chunk+1)*total/c.chunks; row++ {
		a.Count = width
		if row == total-1 {
			a.Count = max(0, width-c.pixels.slow)
			c.lastPixels(row, a.Count)
		}
		if a.Count == 0 {
			continue
		}
		a.X, a.Y = &c.operands[0][row*width*a.Channels], &c.vecs(1)[row*width][0]
		c.kernelSet.Pixels(a)
	}
	a.X, a.Y = nil, nil
}

// lastPixels converts a row from a column on, number by number.
func (c *convert) lastPixels(row, column int) {
	n, h, width := row/c.op.To.H, row%c.op.To.H, c.op.To.W-column
	for ch := range c.to.channels {
		to := c.op.To.Index(n, h, column, ch)
		if ch >= c.op.To.C {
			c.zero(to, width, c.to.step)
			continue
		}
		c.move(to, c.op.From.Index(n, h, column, ch), width, ch)
	}
}
