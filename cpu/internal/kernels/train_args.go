package kernels

// The kernels of training. A run is a few hundred pixels at most: Pixels of each of Images. Sums over a run are float32, in
// registers; the sums of runs are float64, in memory.

// Outer adds the outer products of the pixels of a run, for one block of eight rows and some vectors of 8 columns:
//
//	Sum[k][c] += sum over images n and pixels p of dy[n][p][k] * x[n][p][c]
//
// with k < 8 and c < columns. It is the gradient of the weights of a 1x1 convolution. If To is not nil the run is all there is to
// sum, and To[k][c] becomes its sum in place of that.
type Outer struct {
	DY               *float32
	X                *float32
	XBlock           int // bytes from 8 columns to the next
	Images, Pixels   int // 1 or more
	DYImage, DYPixel int // bytes from image to image, and from pixel to pixel
	XImage, XPixel   int
	Sum              *float64
	SumRow           int // bytes
	To               *float32
	ToRow            int // bytes
}

// Copy is to[i][j] = from[i][j], or from[i][j] + add[i][j] if Add is not nil, for i < Rows and vectors of eight numbers j <
// Vectors. Rows that are read later are fetched ahead.
type Copy struct {
	From, Add, To          *float32
	FromRow, AddRow, ToRow int // bytes
	Rows, Vectors          int // 1 or more
}

// Transpose turns rows into columns, eight by eight: to[8*b+j][i] = from[i][8*b+j] with i, j < 8 and b < Blocks.
type Transpose struct {
	From    *float32
	FromRow int // bytes
	To      *float32
	ToRow   int // bytes
	Blocks  int // 1 or more
}

// AddUp is to[i] = sum over g of from[g][i], from float64 to float32, in order of g.
type AddUp struct {
	From   *float64
	Group  int // bytes from g to g+1
	Groups int // 1 or more
	To     *float32
	Count  int // of eights, 1 or more
}

// DepthwiseGradWeight is the gradient of the nine weights of a depthwise 3x3 convolution with padding 1 for one channel
// block, over Count rows of the output of each image:
//
//	Sum[r][s] += sum over images, p, q of dy[p][q] * x[row(p,r)][stride*q+s-1]   lane by lane
//
// The table of rows is that of [Depthwise]. Rows of dy follow each other.
type DepthwiseGradWeight struct {
	X               *float32
	Zero            *float32 // [width][8]
	Rows            *int     // [3*Count]
	Count           int      // 1 or more
	DY              *float32
	Images          int // 1 or more
	XImage, DYImage int // bytes
	Taps            Taps
	Sum             *float64 // [9][8]
}

// Taps says which taps of a depthwise row are inside of the picture: the first output lacks the left tap, then Middle
// outputs have all three, then, if Last is 1, one lacks the right tap. If Only is 1 the row has one output, with the middle
// tap. See [DepthwiseTaps].
type Taps struct{ Only, Middle, Last int }

// DepthwiseTaps describes the rows of a depthwise convolution with stride 1 or 2 over a picture of the given width.
func DepthwiseTaps(stride, width int) Taps {
	output := (width-1)/stride + 1
	cut := 0
	if stride == 1 || width%2 == 1 {
		cut = 1
	}
	if output == 1 {
		return Taps{Only: cut}
	}
	return Taps{Middle: output - 1 - cut, Last: cut}
}

// DepthwiseGradInput is the gradient of the input of a depthwise 3x3 convolution with padding 1 and stride 2 for one channel
// block. Each of Count rows of dy, with the one after it, gives two rows of dx:
//
//	dx[2i][2j]     = dy[i][j]*w[1][1]
//	dx[2i][2j+1]   = dy[i][j]*w[1][2] + dy[i][j+1]*w[1][0]
//	dx[2i+1][2j]   = dy[i][j]*w[2][1] + dy[i+1][j]*w[0][1]
//	dx[2i+1][2j+1] = dy[i][j]*w[2][2] + dy[i][j+1]*w[2][0] + dy[i+1][j]*w[0][2] + dy[i+1][j+1]*w[0][0]
//
// for j <= Middle, where dy has nothing right of column Middle. If Even is 0 the last pair of columns is its left half only.
type DepthwiseGradInput struct {
	DY, Next *float32 // rows i and i+1
	DYRow    int      // bytes
	DX, Odd  *float32 // rows 2i and 2i+1
	DXRow    int      // bytes from a pair of rows to the next
	Count    int      // 1 or more
	W        *float32 // [9][8]
	Middle   int
	Even     int
}

// Moments adds a run to sums of differences from a pivot, which must not be far from the mean:
//
//	Sums[0] += sum of (x - Pivot)
//	Sums[1] += sum of (x - Pivot)^2
//
// The squares are taken from the mean of the run, and moved to the pivot in float64.
type Moments struct {
	X              *float32
	Images, Pixels int      // 1 or more
	XImage         int      // bytes
	Count          float64  // Images*Pixels
	Inverse        float64  // 1/Count
	Pivot          *float64 // [8]
	Sums           *float64 // [2][8]
}

// GradSums adds a run to the sums that the gradient of batch norm needs:
//
//	Sums[0] += sum of g
//	Sums[1] += sum of g*(x - Mean)
//
// where g is dy or, in the masked form, dy where 0 < (x - Mean)*Scale + Shift < High and 0 elsewhere. Clamp.Low must be 0.
type GradSums struct {
	X, DY           *float32
	Images, Pixels  int // 1 or more
	XImage, DYImage int // bytes
	Coeffs          *NormCoeffs
	Clamp           Clamp
	Sums            *float64 // [2][8]
}

// NormCoeffs are the coefficients of batch norm for a channel block.
type NormCoeffs struct {
	Mean, Scale, Shift vec
	Offset, Slope      vec // of the gradient
}

// Normalize is y = clamp((x-Mean)*Scale + Shift). [GradSums] and [NormalizeGrad] of the same set round it in the same way.
type Normalize struct {
	X, Y           *float32
	Images, Pixels int // 1 or more
	Image          int // bytes from image to image
	Coeffs         *NormCoeffs
	Clamp          Clamp
}

// NormalizeGrad is dx = Scale*g - Offset - (x-Mean)*Slope, with g as in [GradSums].
type NormalizeGrad struct {
	X, DY, DX      *float32
	Images, Pixels int // 1 or more
	Image          int // bytes from image to image
	Coeffs         *NormCoeffs
	Clamp          Clamp
}

// Elements is an operation on each of 8*Count numbers.
type Elements struct {
	X, Y, Z *float32
	Count   int // of eights, 1 or more
	A, B    float32
}

// Momentum is a step of SGD with momentum for 8*Count weights:
//
//	g = dw*Scale + Decay*w; v = Momentum*v + g; w = w - Rate*v
//
// or, in the form of Nesterov, w = w - Rate*(g + Momentum*v).
type Momentum struct {
	DW, W, V                     *float32
	Count                        int // of eights, 1 or more
	Rate, Decay, Momentum, Scale float32
}

// Largest finds the largest magnitude among 8*Count numbers, lane by lane:
//
//	Bits[l] = max over i of the bits of |x[8*i+l]|
//
// Magnitudes are in the order of their bits. Of infinity they are [InfinityBits], of NaN more.
type Largest struct {
	X     *float32
	Count int     // of eights, 1 or more
	Bits  *uint32 // [8]
}

// InfinityBits is infinity as a float32.
const InfinityBits = 0x7f800000

// SumSquares adds up the squares of 8*Count numbers, lane by lane: Sums[l] += sum over i of x[8*i+l]^2, in order of i. A square is
// exact in float64, so that all sets give the same bits.
type SumSquares struct {
	X     *float32
	Count int      // of eights, 1 or more
	Sums  *float64 // [8]
}

// Optimizer is a step of an optimizer other than SGD for 8*Count weights. Every number of the step is there eight times. With g =
// dw*Scale + Decay*w, and w from before the step on the right:
//
//	Adam     v = Momentum*v + NotMomentum*g; s = Second*s + NotSecond*g*g
//	         w -= Rate*((FirstScale*v + Share*g)/(sqrt(SecondScale*s) + Eps) + Decoupled*w)
//	Lion     u = sign(Momentum*v + NotMomentum*g); v = Second*v + NotSecond*g; w -= Rate*(u + Decoupled*w)
//	RMSProp  s = Second*s + NotSecond*g*g; v = Momentum*v + Rate*g/sqrt(s + Eps); w -= Share*v
//	Adagrad  v = v + g*g; w -= Rate*g/(sqrt(v) + Eps)
type Optimizer struct {
	DW, W, V, S                       *float32 // S of Adam and RMSProp only
	Count                             int      // of eights, 1 or more
	Rate, Decay, Momentum, Scale      vec
	Second, Eps                       vec
	FirstScale, SecondScale, Share    vec
	Decoupled, NotMomentum, NotSecond vec // NotMomentum is 1-Momentum, NotSecond is 1-Second
	One                               vec // 1
}

// StemGradWeight is the gradient of one row of taps of a 3x3 convolution with stride 2 and padding 1 over pictures of three
// channels, for one block of eight output channels, over Count rows of the output:
//
//	Sum[c][s][k] += sum over p, q of dy[p][q][k] * x[p][2*q+s-1][c]
type StemGradWeight struct {
	X     *float32 // pixels of eight lanes
	XRow  int      // bytes from the row of one output row to that of the next
	DY    *float32 // rows follow each other
	Count int      // 1 or more
	Taps  Taps
	Sum   *float64 // [3][3][8]
}
