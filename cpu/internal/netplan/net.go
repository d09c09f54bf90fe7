package netplan

import (
	"fmt"
	"math"

	"mnv2/cpu/internal/kernels"
)

// Net is a MobileNetV2 on paper: a 3x3 convolution with stride 2, inverted residuals, a 1x1 convolution, global average
// pooling, and a classifier with bias. ReLU6 follows every convolution but the projections.
type Net struct {
	N, H, W, C int // images and their size
	Stem       int // channels of the first convolution
	Blocks     []Block
	Last       int // channels of the last convolution
	Classes    int
}

// Block is an inverted residual: 1x1 to E channels, depthwise 3x3 with Stride, 1x1 to K channels, plus the input if
// Residual. The first block of a net has no expansion; its E is the stem's channels.
type Block struct {
	E, K     int
	Stride   int
	Residual bool
}

// check returns nil, or what this package cannot run.
func (n Net) check() error {
	if n.N < 1 || n.H < 3 || n.W < 3 || n.H > 1<<14 || n.W > 1<<14 {
		return fmt.Errorf("%d images of %dx%d: want 1 or more, of 3x3 to 16384x16384", n.N, n.H, n.W)
	}
	if n.C < 1 || n.C > kernels.Lanes {
		return fmt.Errorf("%d input channels: want 1 to %d", n.C, kernels.Lanes)
	}
	if len(n.Blocks) == 0 || n.Blocks[0].E != n.Stem {
		return fmt.Errorf("the first block must be there and take the stem's %d channels unexpanded", n.Stem)
	}
	if n.Classes < 1 {
		return fmt.Errorf("%d classes: want 1 or more", n.Classes)
	}
	counts := []int{n.Stem, n.Last}
	in := 0 // the first block's input is the image, which no block can add
	for i, b := range n.Blocks {
		counts = append(counts, b.E, b.K)
		if b.Stride != 1 && b.Stride != 2 {
			return fmt.Errorf("block %d: stride %d: want 1 or 2", i, b.Stride)
		}
		if b.Residual && (b.Stride != 1 || b.K != in) {
			return fmt.Errorf("block %d: residual from %d to %d channels with stride %d", i, in, b.K, b.Stride)
		}
		in = b.K
	}
	for _, c := range counts {
		if c < kernels.Lanes || c%kernels.Lanes != 0 || c > 1<<16 {
			return fmt.Errorf("%d channels: want a multiple of %d", c, kernels.Lanes)
		}
	}
	return nil
}

// Conv is the parameters of a convolution and of the batch norm after it. W is in the order OIHW.
type Conv struct {
	W, Gamma, Beta, Mean, Var []float32
	Eps                       float32
}

// Params are the parameters of a net: the convolutions in the order in which they run, and the classifier.
type Params struct {
	Convs  []Conv    // stem; (expand,) depthwise, project of every block; last
	DenseW []float32 // [Classes][Last]
	DenseB []float32 // [Classes]
}

// fold returns what output channel k is multiplied with, and what is added: y = scale*conv + bias is batch norm with the
// moving statistics.
func (c *Conv) fold(k int) (scale, bias float64) {
	scale = float64(c.Gamma[k]) / math.Sqrt(float64(c.Var[k])+float64(c.Eps))
	return scale, float64(c.Beta[k]) - float64(c.Mean[k])*scale
}

// picture is the size of one image's tensor.
type picture struct{ h, w, c int }

func (p picture) pixels() int { return p.h * p.w }

// plane is how many numbers a channel block has.
func (p picture) plane() int { return p.h * p.w * kernels.Lanes }

// floats is how many numbers the tensor has.
func (p picture) floats() int { return p.plane() * p.c / kernels.Lanes }

// strided is the picture after a 3x3 convolution with padding 1.
func (p picture) strided(stride, channels int) picture {
	return picture{(p.h-1)/stride + 1, (p.w-1)/stride + 1, channels}
}
