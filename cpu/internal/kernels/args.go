package kernels

// Lanes is how many channels lie side by side in a tensor: [N][C/Lanes][H*W][Lanes].
const Lanes = 8

// vecBytes is the size of one pixel of one channel block.
const vecBytes = 4 * Lanes

// Pointwise is a 1x1 convolution of some pixels for one panel of output channels:
//
//	y[i][j] = clamp(bias[j] + sum over k of x[i][k]*w[k][j] + add[i][j])
//
// with rows i (pixels that follow each other in memory), j < 8, 16, 24 or 32 columns and k < 8*Blocks. Pixel i, channel 8*b+l
// lies at X + b*XBlock + i*32 + l*4; Y and Add likewise with YBlock. Y may be Add.
type Pointwise struct {
	X      *float32
	XBlock int      // bytes
	Blocks int      // 1 or more
	W      *float32 // [8*Blocks][columns]
	Bias   *float32 // [columns]
	Y      *float32
	YBlock int      // bytes
	Add    *float32 // nil for none
	Rows   Split
	Clamp  Clamp

	// Ahead is memory that will be read soon, such as the weights of the next panels: AheadBytes of it are fetched into the
	// second-level cache on the way. There need not be any memory.
	Ahead      *float32
	AheadBytes int
}

// Clamp is y = min(max(x, Low), High); NaN stays NaN.
type Clamp struct{ Low, High float32 }

// Split is rows cut into tiles: Full tiles of the kernel's row count, Less tiles of one row less, one of Tail rows if that
// is not 0. See [Set.Split].
type Split struct{ Total, Full, Less, Tail int }

// Depthwise is a depthwise 3x3 convolution with padding 1 for one channel block, for some rows of the output:
//
//	y[p][q] = clamp(bias + sum over r, s of x[row(p,r)][stride*q+s-1]*w[r][s])   lane by lane
//
// where columns outside of the picture count as zero. Input rows begin at X plus the byte offsets in Rows, three for each
// output row; a negative offset stands for Zero, a row of zeros.
type Depthwise struct {
	X     *float32
	Zero  *float32 // [width][8]
	Rows  *int     // [3*Count]
	Count int      // 1 or more
	W     *float32 // [9][8]
	Bias  *float32 // [8]
	Y     *float32
	YRow  int // bytes from an output row to the next
	Cols  Columns
	Clamp Clamp
}

// Columns is a row of the output of a depthwise convolution cut into tiles of four. See [DepthwiseColumns].
type Columns struct {
	Input, Output int // widths
	Middle        int // tiles of four that touch no border
	Edge          int // the last tile: outputs-1, plus edgeOnly, plus edgeCut
}

// What Columns.Edge is made of. edgeOnly says that the last tile is also the first; edgeCut that its last output has its
// right tap outside of the picture (always so for stride 1).
const (
	edgeOnly = 4
	edgeCut  = 8
)

// DepthwiseColumns cuts the rows of a depthwise convolution with stride 1 or 2 over a picture of the given width.
func DepthwiseColumns(stride, width int) Columns {
	c := Columns{Input: width, Output: (width-1)/stride + 1}
	last := c.Output
	if c.Output > 4 {
		c.Middle = (c.Output - 5) / 4
		last = c.Output - 4 - 4*c.Middle
	} else {
		c.Edge = edgeOnly
	}
	c.Edge += last - 1
	if stride == 1 || width%2 == 1 {
		c.Edge += edgeCut
	}
	return c
}

// Stem is a row of a 3x3 convolution with stride 2 and padding 1, for one panel of 8, 16, 24 or 32 output channels:
//
//	y[q][j] = clamp(bias[j] + sum over r, c, s of x[r][2*q+s-1][c]*w[r][c][s][j])
//
// where columns outside of the picture count as zero. X are three rows of pixels of eight lanes. The output has
// 1 + Rows.Total + Odd columns, which lie at Y as for [Pointwise].
type Stem struct {
	X        [3]*float32
	Channels int      // of the input, 1 to 8
	W        *float32 // [3][Channels][3][columns]
	Bias     *float32 // [columns]
	Y        *float32
	YBlock   int   // bytes
	Rows     Split // outputs that have all taps inside
	Odd      int   // 1 if the input's width is odd: the last output then has its right tap outside; else 0
	Ahead    int   // bytes from X to rows that will be read soon, fetched into the second-level cache on the way
	Clamp    Clamp
}

// MatVec is a dense layer for one picture and some of its inputs: y[j] += sum over k < K of x[k]*w[k][j].
type MatVec struct {
	X      *float32
	K      int      // a multiple of 8, 8 or more
	W      *float32 // [Groups][K][64]
	Y      *float32 // [Groups][64]
	Groups int      // of 64 outputs, 1 or more
}

// MatVecColumns is how many outputs a group of [MatVec] has.
const MatVecColumns = 64

// Mean is global average pooling of one channel block: y = Scale * sum of Count pixels, lane by lane.
type Mean struct {
	X     *float32
	Count int // 1 or more
	Scale float32
	Y     *float32
}

// Accumulate is y += x for Count pixels of one channel block, or of several that lie together.
type Accumulate struct {
	X, Y  *float32
	Count int // 1 or more
}

// Pixels turns bytes into a picture of one channel block: y[l] = x[l]/Std[l] - Shift[l], with one rounding each, and zero
// where Mask[l] is. Pixel i is the Channels bytes at X + i*Channels, but eight bytes are read there.
type Pixels struct {
	X          *uint8
	Channels   int // 1 to 8, bytes from a pixel to the next
	Count      int // 1 or more
	Y          *float32
	Std, Shift [Lanes]float32
	Mask       [Lanes]uint32 // all bits for a channel, none for a lane beyond the last
}
