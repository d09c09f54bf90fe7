package model

import (
	"fmt"
	"math"

	"mnv2/backend"
)

// Batch norm's constants, the same for every MobileNetV2. The momentum is the weight of the new statistic; MindSpore's 0.9
// is that of the old one.
const (
	NormEps      = 1e-5
	normMomentum = 0.1
)

// Config says which member of the family a network is.
type Config struct {
	Width      float64 // multiplies the channels of every layer but the last convolution's when below 1
	Classes    int
	InChannels int
	DropRate   float64 // of the dropout before the classifier
}

// stage is a row of table 2 of the paper.
type stage struct{ expand, channels, blocks, stride int }

var stages = [...]stage{
	{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
}

// block is one inverted residual: in -> hidden -> out channels.
type block struct {
	in, hidden, out, stride int
	expand, residual        bool
}

// Arch is a network on paper. It is immutable.
type Arch struct {
	Config
	stem, last int // channels of the first and of the last convolution
	blocks     []block
	params     []Param
}

// New returns the network that c describes.
func New(c Config) (*Arch, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	a := &Arch{Config: c, stem: divisible(32 * c.Width), last: divisible(1280 * max(1, c.Width))}
	in := a.stem
	for _, s := range stages {
		out := divisible(float64(s.channels) * c.Width)
		for i := range s.blocks {
			stride := 1
			if i == 0 {
				stride = s.stride
			}
			a.blocks = append(a.blocks, block{in: in, hidden: in * s.expand, out: out, stride: stride,
				expand: s.expand != 1, residual: stride == 1 && in == out})
			in = out
		}
	}
	a.params = a.listParams(in)
	return a, nil
}

func (c Config) check() error {
	switch {
	case !(c.Width >= 0.1 && c.Width <= 10):
		return fmt.Errorf("width %g: want 0.1 to 10", c.Width)
	case c.Classes < 1 || c.Classes > 1<<20:
		return fmt.Errorf("%d classes: want 1 to %d", c.Classes, 1<<20)
	case c.InChannels < 1 || c.InChannels > 4:
		return fmt.Errorf("%d input channels: want 1 to 4", c.InChannels)
	case !(c.DropRate >= 0 && c.DropRate < 1):
		return fmt.Errorf("drop rate %g: want 0 or more and less than 1", c.DropRate)
	}
	return nil
}

// divisible rounds a channel count to a multiple of 8 that is not more than 10 % smaller, as the authors do.
func divisible(v float64) int {
	const d = 8
	n := max(d, int(v+d/2)/d*d)
	if float64(n) < 0.9*v {
		n += d
	}
	return n
}

// Blocks returns the network for n images of size x size in the given pass. The chain's parameters are Params, in order.
func (a *Arch) Blocks(p backend.Pass, t backend.DType, l backend.Layout, n, size int) (backend.Chain, error) {
	conv := func(h, c, k, filter, stride int) backend.ConvBNAct {
		return backend.ConvBNAct{DType: t, Layout: l, N: n, H: h, W: h, C: c, K: k, R: filter, S: filter, Stride: stride,
			Pad: filter / 2, Groups: 1, Act: backend.ReLU6, Eps: NormEps, Momentum: normMomentum}
	}
	list := []backend.Block{conv(size, a.InChannels, a.stem, 3, 2)}
	h, c := half(size), a.stem
	for _, b := range a.blocks {
		list = append(list, backend.InvertedResidual{DType: t, Layout: l, N: n, H: h, W: h, C: b.in, E: b.hidden, K: b.out,
			Expand: b.expand, Stride: b.stride, Residual: b.residual, Eps: NormEps, Momentum: normMomentum})
		if b.stride == 2 {
			h = half(h)
		}
		c = b.out
	}
	list = append(list, conv(h, c, a.last, 1, 1), backend.Head{DType: t, Layout: l, N: n, H: h, W: h, C: a.last, K: a.Classes,
		DropRate: float32(a.DropRate)})
	chain, err := backend.NewChain(p, false, list...)
	if err != nil {
		return chain, fmt.Errorf("model: %d images of %dx%d: %w", n, size, size, err)
	}
	return chain, nil
}

// half is the size after a 3x3 convolution with stride 2 and padding 1.
func half(size int) int { return (size + 1) / 2 }

// MACs returns the multiply-adds of the convolutions and the classifier for one image of size x size.
func (a *Arch) MACs(size int) int64 {
	square := func(n int) int64 { return int64(n) * int64(n) }
	h := half(size)
	total := square(h) * 27 / 3 * int64(a.InChannels) * int64(a.stem)
	c := a.stem
	for _, b := range a.blocks {
		if b.expand {
			total += square(h) * int64(b.in) * int64(b.hidden)
		}
		if b.stride == 2 {
			h = half(h)
		}
		total += square(h) * int64(b.hidden) * int64(9+b.out)
		c = b.out
	}
	return total + square(h)*int64(c)*int64(a.last) + int64(a.last)*int64(a.Classes)
}

// sqrtFanOut is the standard deviation of He initialisation over the fan-out, groups not counted.
func sqrtFanOut(taps, out int) float64 { return math.Sqrt(2 / float64(taps*out)) }
