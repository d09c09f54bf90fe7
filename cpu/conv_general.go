package cpu

import "mnv2/backend"

// general is a convolution of any kind in plain loops, summed in float64. MobileNetV2 does not need it, except for the
// gradient of the pixels of an image; it is here so that no convolution is refused.
type general struct {
	*env
	op     backend.Conv2D
	in     indexer
	out    indexer
	chunks int
	bias   *biasGradient
	task   func(chunk, worker int)
}

// indexer finds a number of a tensor in NCHW8c.
type indexer struct{ blocks, h, w int }

func (x indexer) at(n, c, h, w int) int {
	return (((n*x.blocks+c/lanes)*x.h+h)*x.w+w)*lanes + c%lanes
}

func newGeneral(o backend.Conv2D, e *env) program {
	g := &general{env: e, op: o,
		in: indexer{blocks(o.C), o.H, o.W}, out: indexer{blocks(o.K), o.P(), o.Q()}}
	switch o.Pass {
	case backend.GradInput:
		g.chunks, g.task = o.N*g.in.blocks, g.gradInput
	case backend.GradWeight:
		g.chunks, g.task = o.K, g.gradWeight
		g.bias = newBiasGradient(o, e)
	default:
		g.chunks, g.task = o.N*g.out.blocks, g.forward
	}
	return g
}

func (g *general) workspace() int64 { return 0 }

func (g *general) run() error {
	g.parallel(g.chunks, g.task)
	g.bias.run()
	return nil
}

// forward computes a block of output channels of an image.
func (g *general) forward(chunk, _ int) {
	o := &g.op
	n, block := chunk/g.out.blocks, chunk%g.out.blocks
	plane := g.out.h * g.out.w * lanes
	y := g.f32(len(g.operands) - 1)
	clear(y[chunk*plane : (chunk+1)*plane])
	for k := block * lanes; k < min(o.K, (block+1)*lanes); k++ {
		bias := 0.0
		if hasBias(*o) {
			bias = float64(g.f32(2)[k])
		}
		for p := range g.out.h {
			for q := range g.out.w {
				y[g.out.at(n, k, p, q)] = float32(bias + g.output(n, k, p, q))
			}
		}
	}
}

func (g *general) output(n, k, p, q int) float64 {
	o, x, w := &g.op, g.f32(0), g.f32(1)
	perGroup := o.C / o.Groups
	first := k / (o.K / o.Groups) * perGroup
	h0, w0 := p*o.Stride-o.Pad, q*o.Stride-o.Pad
	sum := 0.0
	for c := range perGroup {
		for r := max(0, -h0); r < min(o.R, o.H-h0); r++ {
			for s := max(0, -w0); s < min(o.S, o.W-w0); s++ {
				sum += float64(x[g.in.at(n, first+c, h0+r, w0+s)]) * float64(w[((k*perGroup+c)*o.R+r)*o.S+s])
			}
		}
	}
	return sum
}

// gradInput computes a block of input channels of an image.
func (g *general) gradInput(chunk, _ int) {
	o := &g.op
	n, block := chunk/g.in.blocks, chunk%g.in.blocks
	plane := g.in.h * g.in.w * lanes
	dx := g.f32(2)
	clear(dx[chunk*plane : (chunk+1)*plane])
	for c := block * lanes; c < min(o.C, (block+1)*lanes); c++ {
		for h := range g.in.h {
			for w := range g.in.w {
				dx[g.in.at(n, c, h, w)] = float32(g.input(n, c, h, w))
			}
		}
	}
}

// input adds up what the outputs give that saw input (n, c, h, w).
func (g *general) input(n, c, h, w int) float64 {
	o := &g.op
	sum := 0.0
	for r := (h + o.Pad) % o.Stride; r < o.R && r <= h+o.Pad; r += o.Stride {
		p := (h + o.Pad - r) / o.Stride
		if p >= g.out.h {
			continue
		}
		for s := (w + o.Pad) % o.Stride; s < o.S && s <= w+o.Pad; s += o.Stride {
			if q := (w + o.Pad - s) / o.Stride; q < g.out.w {
				sum += g.sumFilters(n, c, p, q, r*o.S+s)
			}
		}
	}
	return sum
}

// sumFilters adds up dy times one tap over the output channels that read input channel c.
func (g *general) sumFilters(n, c, p, q, tap int) float64 {
	o, w, dy := &g.op, g.f32(0), g.f32(1)
	inputs, outputs := o.C/o.Groups, o.K/o.Groups
	first := c / inputs * outputs
	sum := 0.0
	for k := first; k < first+outputs; k++ {
		sum += float64(dy[g.out.at(n, k, p, q)]) * float64(w[(k*inputs+c%inputs)*o.R*o.S+tap])
	}
	return sum
}

// gradWeight computes the filters of output channel k.
func (g *general) gradWeight(k, _ int) {
	o := &g.op
	perGroup := o.C / o.Groups
	dw := g.f32(2)
	for c := range perGroup {
		for r := range o.R {
			for s := range o.S {
				dw[((k*perGroup+c)*o.R+r)*o.S+s] = float32(g.tapGradient(k, k/(o.K/o.Groups)*perGroup+c, r, s))
			}
		}
	}
}

func (g *general) tapGradient(k, c, r, s int) float64 {
	o, x, dy := &g.op, g.f32(0), g.f32(1)
	p0, p1 := inside(r, o.Pad, o.Stride, o.H, g.out.h)
	q0, q1 := inside(s, o.Pad, o.Stride, o.W, g.out.w)
	sum := 0.0
	for n := range o.N {
		for p := p0; p < p1; p++ {
			for q := q0; q < q1; q++ {
				sum += float64(dy[g.out.at(n, k, p, q)]) * float64(x[g.in.at(n, c, p*o.Stride+r-o.Pad, q*o.Stride+s-o.Pad)])
			}
		}
	}
	return sum
}
