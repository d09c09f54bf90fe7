package backend

import (
	"fmt"
	"math"
)

// Layout is the order in which the elements of a tensor lie in memory.
type Layout uint8

// The layouts. The last axis named is the fastest.
const (
	NCHW   Layout = iota + 1 // planes; also vectors (N=H=W=1), filters (OIHW) and matrices
	NHWC                     // pixels, all channels of one beside each other
	NCHW8c                   // [N][ceil(C/8)][H][W][8]: channel blocks of eight; lanes beyond C hold zero
)

var layoutNames = [...]string{NCHW: "nchw", NHWC: "nhwc", NCHW8c: "nchw8c"}

// String returns the name in lower case.
func (l Layout) String() string {
	if int(l) < len(layoutNames) && layoutNames[l] != "" {
		return layoutNames[l]
	}
	return fmt.Sprintf("layout(%d)", uint8(l))
}

// channelBlock is the number of channels that lie side by side in NCHW8c.
const channelBlock = 8

// Desc is the shape of a tensor and how it lies in memory. It is comparable.
//
// A filter of K output and C input channels and R x S taps is {NCHW, N: K, C: C/groups, H: R, W: S}, which is OIHW, the
// order of every interchange format. A vector of n numbers is [Vec](dtype, n).
type Desc struct {
	DType      DType
	Layout     Layout
	N, H, W, C int
}

// Vec returns the Desc of n numbers in a row.
func Vec(t DType, n int) Desc { return Desc{DType: t, Layout: NCHW, N: 1, H: 1, W: 1, C: n} }

// Filter returns the Desc of a convolution filter in OIHW order. c is the input channels of one group.
func Filter(t DType, k, c, r, s int) Desc {
	return Desc{DType: t, Layout: NCHW, N: k, C: c, H: r, W: s}
}

// Matrix returns the Desc of rows x columns numbers, one row after the other.
func Matrix(t DType, rows, columns int) Desc {
	return Desc{DType: t, Layout: NCHW, N: rows, H: 1, W: 1, C: columns}
}

// Elements returns N*H*W*C, the count of numbers that mean something.
func (d Desc) Elements() int { return d.N * d.H * d.W * d.C }

// Stored returns the count of elements in memory, padding lanes included.
func (d Desc) Stored() int { return d.N * d.H * d.W * d.paddedC() }

// Bytes returns the size in memory.
func (d Desc) Bytes() int64 { return int64(d.Stored()) * d.DType.Size() }

// Index returns the place of element (n, h, w, c), counted in elements from the start.
func (d Desc) Index(n, h, w, c int) int {
	switch d.Layout {
	case NHWC:
		return ((n*d.H+h)*d.W+w)*d.C + c
	case NCHW8c:
		blocks := d.paddedC() / channelBlock
		return (((n*blocks+c/channelBlock)*d.H+h)*d.W+w)*channelBlock + c%channelBlock
	default:
		return ((n*d.C+c)*d.H+h)*d.W + w
	}
}

// With returns the same shape with another element type and layout.
func (d Desc) With(t DType, l Layout) Desc {
	d.DType, d.Layout = t, l
	return d
}

// String returns, for example, "f32 nchw8c 32x56x56x24" (N, H, W, C).
func (d Desc) String() string {
	return fmt.Sprintf("%v %v %dx%dx%dx%d", d.DType, d.Layout, d.N, d.H, d.W, d.C)
}

// Check returns nil, or which field is wrong.
func (d Desc) Check() error {
	if d.DType.Size() == 0 {
		return fmt.Errorf("dtype %v: unknown (want f32, f16, bf16, u8 or i32)", d.DType)
	}
	if d.Layout < NCHW || d.Layout > NCHW8c {
		return fmt.Errorf("layout %v: unknown (want nchw, nhwc or nchw8c)", d.Layout)
	}
	return checkSizes([]size{{"N", d.N}, {"H", d.H}, {"W", d.W}, {"C", d.C}})
}

func (d Desc) paddedC() int {
	if d.Layout == NCHW8c {
		return (d.C + channelBlock - 1) / channelBlock * channelBlock
	}
	return d.C
}

type size struct {
	name  string
	value int
}

// checkSizes wants every size positive and their product small enough that byte offsets cannot overflow.
func checkSizes(sizes []size) error {
	product := 1.0
	for _, s := range sizes {
		if s.value < 1 {
			return fmt.Errorf("%s = %d: want 1 or more", s.name, s.value)
		}
		product *= float64(s.value)
	}
	if product > math.MaxInt64/64 {
		return fmt.Errorf("%v: too many elements", sizes)
	}
	return nil
}
