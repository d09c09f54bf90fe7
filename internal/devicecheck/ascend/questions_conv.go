//go:build cgo && linux

package ascend

import (
	"bytes"
	"fmt"
	"math"

	"mnv2/csrc/acl"
)

// convolution is one of n maps of size x size with padding for the same size, stride 1, square filter.
func convolution(t acl.DType, cube int, n, size, in, out, filter, groups int64) acl.Spec {
	pad := filter / 2
	return acl.Spec{Op: acl.Convolution, CubeMath: cube, Integers: []int64{groups},
		Arrays:  [][]int64{{1, 1}, {pad, pad}, {1, 1}, {0, 0}},
		Inputs:  []acl.Tensor{maps(t, n, in, size, size), maps(t, out, in/groups, filter, filter), acl.NoTensor},
		Outputs: []acl.Tensor{maps(t, n, out, size, size)}}
}

// The convolution that is computed by hand beside the device's: 3x3 on 6x6 maps of 16 channels.
const (
	handMaps = 16
	handSize = 6
)

// convolve compares a convolution with one in float64.
func (l *lab) convolve(t acl.DType, cube int, groups int) (string, error) {
	x, w := random(t, handMaps*handSize*handSize), random(t, handMaps*handMaps/groups*9)
	after, err := l.call(convolution(t, cube, 1, handSize, handMaps, handMaps, 3, int64(groups)), encode(t, x...), encode(t, w...), nil)
	if err != nil {
		return "", err
	}
	worst := 0.0 // beside the sum of the magnitudes
	for i, got := range decode(t, after[2]) {
		want, magnitude := byHand(x, w, i, groups)
		worst = max(worst, math.Abs(got-want)/magnitude)
	}
	exact := 0x1p-20 // sums of up to 144 products in float32
	if t == acl.Float16 {
		exact = 0x1p-10
	}
	switch {
	case worst <= exact:
		return "accepted, right", nil
	case worst <= 0x1p-8:
		return "accepted, operands rounded", nil
	}
	return fmt.Sprintf("accepted, off by %.3g of the magnitudes", worst), nil
}

// byHand returns element i of the convolution, and the sum of the magnitudes of its terms.
func byHand(x, w []float64, i, groups int) (sum, magnitude float64) {
	k, p, q := i/(handSize*handSize), i/handSize%handSize, i%handSize
	per := handMaps / groups
	for c := range per {
		for r := range 3 {
			for s := range 3 {
				row, column := p+r-1, q+s-1
				if row < 0 || row >= handSize || column < 0 || column >= handSize {
					continue
				}
				v := x[((k/per*per+c)*handSize+row)*handSize+column] * w[((k*per+c)*3+r)*3+s]
				sum += v
				magnitude += math.Abs(v)
			}
		}
	}
	return sum, magnitude
}

// backward is ConvolutionBackward of a 1x1 convolution of 16 to 16 channels.
func backward(mask []bool, dims ...acl.Tensor) acl.Spec {
	x, w := maps(acl.Float16, 2, 16, 4, 4), maps(acl.Float16, 16, 16, 1, 1)
	return acl.Spec{Op: acl.ConvolutionBackward, Integers: []int64{1}, Mask: mask,
		Arrays: [][]int64{{1, 1}, {0, 0}, {1, 1}, {16}}, Inputs: []acl.Tensor{x, x, w}, Outputs: dims}
}

func (l *lab) nullGradient() (string, error) {
	w := maps(acl.Float16, 16, 16, 1, 1)
	dy, x, filter := random(acl.Float16, 512), random(acl.Float16, 512), random(acl.Float16, 256)
	after, err := l.call(backward([]bool{false, true, false}, acl.NoTensor, w, acl.NoTensor),
		encode(acl.Float16, dy...), encode(acl.Float16, x...), encode(acl.Float16, filter...), nil)
	if err != nil {
		return "", err
	}
	worst := 0.0
	for i, got := range decode(acl.Float16, after[3]) {
		want, magnitude := 0.0, 0.0
		for n := range 2 {
			for at := range 16 {
				v := dy[(n*16+i/16)*16+at] * x[(n*16+i%16)*16+at]
				want += v
				magnitude += math.Abs(v)
			}
		}
		worst = max(worst, math.Abs(got-want)/magnitude)
	}
	return right(worst, 0x1p-10), nil
}

// sameBits computes the gradient of a filter several times with sums in whatever order is fastest.
func (l *lab) sameBits() (_ string, err error) {
	if _, err := l.lib.SetDeterministic(false); err != nil {
		return "", err
	}
	defer func() {
		if _, e := l.lib.SetDeterministic(true); err == nil {
			err = e
		}
	}()
	t := acl.Float // in which more of a sum can be seen
	if saturates(l.soc) {
		t = acl.Float16
	}
	x, w := maps(t, 8, 64, 28, 28), maps(t, 64, 1, 3, 3)
	m, err := l.prepare(acl.Spec{Op: acl.ConvolutionBackward, Integers: []int64{64}, Mask: []bool{false, true, false},
		Arrays: [][]int64{{1, 1}, {1, 1}, {1, 1}, {64}}, Inputs: []acl.Tensor{x, x, w}, Outputs: []acl.Tensor{acl.NoTensor, w, acl.NoTensor}})
	if err != nil {
		return "", err
	}
	defer func() {
		if e := m.close(); err == nil {
			err = e
		}
	}()
	n := 8 * 64 * 28 * 28
	numbers := encode(t, random(t, n)...)
	if err := m.put(numbers, numbers, encode(t, random(t, 576)...)); err != nil {
		return "", err
	}
	var first []byte
	for i := range 5 {
		if err := m.run(); err != nil {
			return "", err
		}
		after, err := m.get()
		if err != nil {
			return "", err
		}
		if i == 0 {
			first = after[3]
		} else if !bytes.Equal(first, after[3]) {
			return "no", nil
		}
	}
	return "yes", nil
}

// asProduct times the expanding 1x1 convolutions of MobileNetV2 and the same as a product of matrices.
func (l *lab) asProduct() (string, error) {
	text := ""
	shapes := [][3]int64{{112, 16, 96}, {56, 24, 144}, {28, 32, 192}, {14, 96, 576}, {7, 160, 960}, {7, 320, 1280}}
	batch := int64(32)
	if l.quick {
		shapes, batch = [][3]int64{{7, 16, 96}}, 2
	}
	for _, s := range shapes {
		conv, err := l.time(convolution(acl.Float16, acl.KeepType, batch, s[0], s[1], s[2], 1, 1))
		if err != nil {
			return "", err
		}
		pixels := s[0] * s[0]
		product, err := l.time(acl.Spec{Op: acl.BatchMatMul, Inputs: []acl.Tensor{nd(acl.Float16, 1, s[2], s[1]), nd(acl.Float16, batch, s[1], pixels)},
			Outputs: []acl.Tensor{nd(acl.Float16, batch, s[2], pixels)}})
		if err != nil {
			return "", err
		}
		text += fmt.Sprintf("%dx%d %d->%d: %.3g ms, %.3g ms; ", s[0], s[0], s[1], s[2], conv.Seconds()*1e3, product.Seconds()*1e3)
	}
	return text, nil
}
