package backend

import "fmt"

// Conv2D is a two-dimensional convolution with zero padding.
//
//	y[n,p,q,k] = b[k] + sum over r,s,c of x[n, p*Stride+r-Pad, q*Stride+s-Pad, g*C/Groups+c] * w[k,c,r,s]
//
// where g = k / (K/Groups). Groups = C = K is depthwise; R = S = 1 is pointwise; a pointwise one on a 1x1 map with Bias is
// a dense layer.
//
//	Forward, Infer  x, w, (b)    -> y
//	GradInput       w, dy        -> dx = sum over everything y took x into
//	GradWeight      x, dy        -> dw, (db); float32 whatever DType is
//
// x and y have DType and Layout; w has DType and is OIHW, which is Filter(DType, K, C/Groups, R, S).
type Conv2D struct {
	Pass       Pass
	DType      DType
	Layout     Layout
	N, H, W, C int // input
	K, R, S    int // output channels, filter
	Stride     int
	Pad        int // on all four sides
	Groups     int
	Bias       bool
}

// maxPad keeps sums of sizes from overflowing.
const maxPad = 1 << 30

// P returns the output height.
func (o Conv2D) P() int { return (o.H+2*o.Pad-o.R)/o.Stride + 1 }

// Q returns the output width.
func (o Conv2D) Q() int { return (o.W+2*o.Pad-o.S)/o.Stride + 1 }

// In returns the Desc of x.
func (o Conv2D) In() Desc { return Desc{o.DType, o.Layout, o.N, o.H, o.W, o.C} }

// Out returns the Desc of y.
func (o Conv2D) Out() Desc { return Desc{o.DType, o.Layout, o.N, o.P(), o.Q(), o.K} }

// Weight returns the Desc of w.
func (o Conv2D) Weight() Desc { return Filter(o.DType, o.K, o.C/o.Groups, o.R, o.S) }

// IsDepthwise reports whether every channel has a filter of its own.
func (o Conv2D) IsDepthwise() bool { return o.Groups == o.C && o.C == o.K }

// MACs returns the multiply-adds of one pass.
func (o Conv2D) MACs() int64 {
	return int64(o.N) * int64(o.P()) * int64(o.Q()) * int64(o.K) * int64(o.C/o.Groups) * int64(o.R) * int64(o.S)
}

// Check implements Op.
func (o Conv2D) Check() error {
	sizes := []size{{"N", o.N}, {"H", o.H}, {"W", o.W}, {"C", o.C}, {"K", o.K}, {"R", o.R}, {"S", o.S},
		{"Stride", o.Stride}, {"Groups", o.Groups}}
	if err := firstError(checkPass(o.Pass, Forward, Infer, GradInput, GradWeight), checkFloat(o.DType), checkSizes(sizes)); err != nil {
		return err
	}
	switch {
	case o.Pad < 0 || o.Pad > maxPad:
		return fmt.Errorf("padding Pad = %d: want 0 to %d", o.Pad, maxPad)
	case o.C%o.Groups != 0 || o.K%o.Groups != 0:
		return fmt.Errorf("field Groups = %d: want a divisor of C = %d and K = %d", o.Groups, o.C, o.K)
	case o.H+2*o.Pad < o.R || o.W+2*o.Pad < o.S:
		return fmt.Errorf("filter %dx%d is larger than the padded input %dx%d", o.R, o.S, o.H+2*o.Pad, o.W+2*o.Pad)
	}
	return firstError(o.In().Check(), o.Out().Check())
}

// Operands implements Op.
func (o Conv2D) Operands() []Operand {
	x := Operand{Name: "x", Doc: "input", Desc: o.In(), Role: In}
	w := Operand{Name: "w", Doc: "filter, OIHW", Desc: o.Weight(), Role: In}
	dy := Operand{Name: "dy", Doc: "gradient of y", Desc: o.Out(), Role: In}
	switch o.Pass {
	case GradInput:
		return []Operand{w, dy, {Name: "dx", Doc: "gradient of x", Desc: o.In(), Role: Out}}
	case GradWeight:
		dw := Operand{Name: "dw", Doc: "gradient of w", Desc: o.Weight().With(F32, NCHW), Role: Out}
		if !o.Bias {
			return []Operand{x, dy, dw}
		}
		return []Operand{x, dy, dw, {Name: "db", Doc: "gradient of b", Desc: Vec(F32, o.K), Role: Out}}
	}
	y := Operand{Name: "y", Doc: "output", Desc: o.Out(), Role: Out}
	if !o.Bias {
		return []Operand{x, w, y}
	}
	return []Operand{x, w, {Name: "b", Doc: "bias", Desc: Vec(F32, o.K), Role: In}, y}
}

// String implements Op.
func (o Conv2D) String() string {
	kind := ""
	if o.Groups > 1 {
		kind = fmt.Sprintf(" g=%d", o.Groups)
	}
	if o.Bias {
		kind += " bias"
	}
	return fmt.Sprintf("Conv2D(%v n=%d %dx%d %d->%d %dx%d s=%d p=%d%s %v %v)",
		o.Pass, o.N, o.H, o.W, o.C, o.K, o.R, o.S, o.Stride, o.Pad, kind, o.DType, o.Layout)
}

func (Conv2D) op() {}

// Conv2DArgs are the tensors of a [Conv2D]; which ones a pass takes is said there.
type Conv2DArgs struct{ X, W, B, DY, Y, DX, DW, DB Tensor }

// Bind implements Args.
func (a *Conv2DArgs) Bind(dst []Tensor) []Tensor {
	return appendSet(dst, a.X, a.W, a.B, a.DY, a.Y, a.DX, a.DW, a.DB)
}
