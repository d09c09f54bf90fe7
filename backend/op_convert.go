package backend

import "fmt"

// Convert changes element type and layout, and normalises images on the way.
//
//	y = x                            if not Normalize
//	y = x/Std[c] - Mean[c]/Std[c]    if Normalize, in float32, the quotient Mean/Std rounded once (as MindSpore does)
//
// From and To have the same N, H, W and C. Bytes and labels convert to floats; floats convert to floats, rounding to the
// nearest even. Padding lanes of To become zero.
//
//	x -> y
type Convert struct {
	From, To  Desc
	Normalize bool
	Mean, Std [4]float32 // per channel, so C is 4 at most with Normalize
}

// Check implements Op.
func (o Convert) Check() error {
	if err := firstError(o.From.Check(), o.To.Check(), checkFloat(o.To.DType)); err != nil {
		return err
	}
	if o.From.With(o.To.DType, o.To.Layout) != o.To {
		return fmt.Errorf("from %v to %v: want equal sizes", o.From, o.To)
	}
	if !o.Normalize {
		return nil
	}
	if o.From.C > len(o.Std) {
		return fmt.Errorf("normalise %d channels: want %d at most", o.From.C, len(o.Std))
	}
	for c := range o.From.C {
		if !(o.Std[c] > 0) {
			return fmt.Errorf("deviation Std[%d] = %g: want more than 0", c, o.Std[c])
		}
	}
	return nil
}

// Operands implements Op.
func (o Convert) Operands() []Operand {
	return []Operand{
		{Name: "x", Doc: "from", Desc: o.From, Role: In},
		{Name: "y", Doc: "to", Desc: o.To, Role: Out}}
}

// String implements Op.
func (o Convert) String() string {
	if o.Normalize {
		n := min(max(o.From.C, 0), len(o.Std)) // String is also for operations that Check refuses
		return fmt.Sprintf("Convert(%v -> %v mean=%v std=%v)", o.From, o.To, o.Mean[:n], o.Std[:n])
	}
	return fmt.Sprintf("Convert(%v -> %v)", o.From, o.To)
}

func (Convert) op() {}

// ConvertArgs are the tensors of a [Convert].
type ConvertArgs struct{ X, Y Tensor }

// Bind implements Args.
func (a *ConvertArgs) Bind(dst []Tensor) []Tensor { return appendSet(dst, a.X, a.Y) }
