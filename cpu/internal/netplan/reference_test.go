package netplan

import (
	"math"
	"math/rand/v2"

	"mnv2/cpu/internal/kernels"
)

// float is what the reference network computes in.
type float interface{ float32 | float64 }

// mobileNet returns the network with the width multiplier, as the paper has it.
func mobileNet(n, h, w int, width float64, classes int) Net {
	count := func(c int) int {
		v := max(8, int(float64(c)*width+4)/8*8)
		if float64(v) < 0.9*float64(c)*width {
			v += 8
		}
		return v
	}
	net := Net{N: n, H: h, W: w, C: 3, Stem: count(32), Last: int(1280 * max(1, width)), Classes: classes}
	in := net.Stem
	for i, s := range [][4]int{{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}} {
		for j := range s[2] {
			b := Block{E: in * s[0], K: count(s[1]), Stride: 1}
			if j == 0 {
				b.Stride = s[3]
			}
			b.Residual = i > 0 && b.Stride == 1 && b.K == in
			net.Blocks = append(net.Blocks, b)
			in = b.K
		}
	}
	return net
}

// multiplyAdds is the work for one image.
func (n Net) multiplyAdds() int {
	at := picture{n.H, n.W, n.C}.strided(2, n.Stem)
	total := at.pixels() * 9 * n.C * n.Stem
	for i, b := range n.Blocks {
		if i > 0 {
			total += at.pixels() * at.c * b.E
		}
		at = at.strided(b.Stride, b.K)
		total += at.pixels() * b.E * (9 + b.K)
	}
	return total + at.pixels()*at.c*n.Last + n.Last*n.Classes
}

// randomParams returns parameters that keep the activations of about the same size from layer to layer.
func randomParams(net Net, r *rand.Rand) *Params {
	p := &Params{}
	conv := func(k, taps int) {
		c := Conv{W: make([]float32, k*taps), Eps: 1e-5}
		for i := range c.W {
			c.W[i] = float32(r.NormFloat64() * math.Sqrt(2/float64(taps)))
		}
		for range k {
			c.Gamma = append(c.Gamma, 0.5+r.Float32())
			c.Beta = append(c.Beta, float32(r.NormFloat64()))
			c.Mean = append(c.Mean, float32(r.NormFloat64())/2)
			c.Var = append(c.Var, 0.5+2*r.Float32())
		}
		p.Convs = append(p.Convs, c)
	}
	conv(net.Stem, 9*net.C)
	in := net.Stem
	for i, b := range net.Blocks {
		if i > 0 {
			conv(b.E, in)
		}
		conv(b.E, 9)
		conv(b.K, b.E)
		in = b.K
	}
	conv(net.Last, in)
	for range net.Classes * net.Last {
		p.DenseW = append(p.DenseW, float32(r.NormFloat64()/math.Sqrt(float64(net.Last))))
	}
	for range net.Classes {
		p.DenseB = append(p.DenseB, float32(r.NormFloat64()))
	}
	return p
}

// tensor is one image, channel by channel.
type tensor[T float] struct {
	picture
	v []T
}

func newTensor[T float](p picture) tensor[T] { return tensor[T]{p, make([]T, p.h*p.w*p.c)} }

// reference computes the logits of one image, [C][H][W], in plain loops.
func reference[T float](net Net, p *Params, image []float32) []T {
	x := newTensor[T](picture{net.H, net.W, net.C})
	for i := range x.v {
		x.v[i] = T(image[i])
	}
	convs := p.Convs
	next := func() *Conv { c := &convs[0]; convs = convs[1:]; return c }
	x = convolve(x, next(), net.Stem, 3, 2, false, true)
	for i, b := range net.Blocks {
		in := x
		if i > 0 {
			x = convolve(x, next(), b.E, 1, 1, false, true)
		}
		x = convolve(x, next(), b.E, 3, b.Stride, true, true)
		x = convolve(x, next(), b.K, 1, 1, false, false)
		if b.Residual {
			for j := range x.v {
				x.v[j] += in.v[j]
			}
		}
	}
	return classify(net, p, convolve(x, next(), net.Last, 1, 1, false, true))
}

func classify[T float](net Net, p *Params, x tensor[T]) []T {
	y := make([]T, net.Classes)
	for n := range y {
		y[n] = T(p.DenseB[n])
		for c := range x.c {
			sum := T(0)
			for _, v := range x.v[c*x.pixels() : (c+1)*x.pixels()] {
				sum += v
			}
			y[n] += sum / T(x.pixels()) * T(p.DenseW[n*x.c+c])
		}
	}
	return y
}

// convolve is a convolution, size x size with padding size/2, batch norm, and ReLU6 if asked for.
func convolve[T float](x tensor[T], c *Conv, outputs, size, stride int, depthwise, clamp bool) tensor[T] {
	y := newTensor[T](picture{(x.h-1)/stride + 1, (x.w-1)/stride + 1, outputs})
	inputs := x.c
	if depthwise {
		inputs = 1
	}
	for k := range outputs {
		plane := y.v[k*y.pixels() : (k+1)*y.pixels()]
		for i := range inputs {
			from := i
			if depthwise {
				from = k
			}
			filter := c.W[(k*inputs+i)*size*size:][:size*size]
			addTaps(plane, y.picture, x.v[from*x.pixels():(from+1)*x.pixels()], x.picture, filter, size, stride)
		}
		scale := T(c.Gamma[k]) / T(math.Sqrt(float64(c.Var[k])+float64(c.Eps)))
		for j, v := range plane {
			v = (v-T(c.Mean[k]))*scale + T(c.Beta[k])
			if clamp {
				v = min(max(v, 0), 6)
			}
			plane[j] = v
		}
	}
	return y
}

func addTaps[T float](y []T, ys picture, x []T, xs picture, filter []float32, size, stride int) {
	for tap, f := range filter {
		w := T(f)
		if size == 1 {
			for i, v := range x {
				y[i] += w * v
			}
			continue
		}
		for p := range ys.h {
			h := p*stride + tap/size - size/2
			if h < 0 || h >= xs.h {
				continue
			}
			for q := range ys.w {
				if at := q*stride + tap%size - size/2; at >= 0 && at < xs.w {
					y[p*ys.w+q] += w * x[h*xs.w+at]
				}
			}
		}
	}
}

// randomImages returns n images [C][H][W], and the same in blocks of eight channels.
func randomImages(net Net, r *rand.Rand) (planes [][]float32, blocks []float32) {
	pixels := net.H * net.W
	blocks = make([]float32, net.N*pixels*kernels.Lanes)
	for n := range net.N {
		image := make([]float32, net.C*pixels)
		for c := range net.C {
			for i := range pixels {
				v := float32(r.NormFloat64())
				image[c*pixels+i] = v
				blocks[(n*pixels+i)*kernels.Lanes+c] = v
			}
		}
		planes = append(planes, image)
	}
	return planes, blocks
}
