//go:build cgo && linux

package ascend

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"mnv2/backend"
	"mnv2/csrc/acl"
)

// lost is err, as the loss of the device if it is that.
func lost(err error) error {
	var v *acl.Error
	if errors.As(err, &v) && v.IsLost() {
		return fmt.Errorf("%w: %w", backend.ErrDeviceLost, err)
	}
	return err
}

func (l *lab) finite() (string, error) {
	var parts []string
	for _, t := range []acl.DType{acl.Float, acl.Float16} {
		after, err := l.call(acl.Spec{Op: acl.IsFinite, Inputs: []acl.Tensor{nd(t, 8)}, Outputs: []acl.Tensor{nd(acl.Bool, 8)}},
			encode(t, 1, math.NaN(), math.Inf(1), math.Inf(-1), 0, -2, 3, 65504))
		if err != nil {
			return "", err
		}
		var seen []string
		b := after[1]
		if b[1] == 0 {
			seen = append(seen, "NaN")
		}
		if b[2] == 0 && b[3] == 0 {
			seen = append(seen, "infinity")
		}
		for _, i := range []int{0, 4, 5, 6, 7} {
			if b[i] != 1 {
				seen = append(seen, fmt.Sprintf("number %d, which is finite", i))
			}
		}
		parts = append(parts, map[acl.DType]string{acl.Float: "FLOAT: ", acl.Float16: "FLOAT16: "}[t]+strings.Join(seen, ", "))
	}
	return strings.Join(parts, "; "), nil
}

func (l *lab) oneHot() (string, error) {
	const on, off = 0.925, 0.025
	value := func(v float64) []byte { return encode(acl.Float, v) }
	after, err := l.call(acl.Spec{Op: acl.OneHot, Integers: []int64{4, -1},
		Inputs: []acl.Tensor{nd(acl.Int32, 3), nd(acl.Float, 1), nd(acl.Float, 1)}, Outputs: []acl.Tensor{nd(acl.Float, 3, 4)}},
		encode(acl.Int32, 2, 0, -1), value(on), value(off))
	if err != nil {
		return "", err
	}
	got := decode(acl.Float, after[3])
	row := func(label int) []float64 {
		r := []float64{off, off, off, off}
		if label >= 0 {
			r[label] = on
		}
		for i := range r {
			r[i] = float64(float32(r[i]))
		}
		return r
	}
	if !slices.Equal(got[:8], append(row(2), row(0)...)) {
		return fmt.Sprintf("rows are wrong: %v", got), nil
	}
	if !slices.Equal(got[8:], row(-1)) {
		return fmt.Sprintf("rows are right; a label of -1 gives %v", got[8:]), nil
	}
	return "rows are right; a label of -1 gives values for off", nil
}

// product multiplies numbers by a scalar.
func (l *lab) product(t acl.DType, by float64, v ...float64) ([]float64, error) {
	x := nd(t, int64(len(v)))
	after, err := l.call(acl.Spec{Op: acl.Muls, Inputs: []acl.Tensor{x}, Outputs: []acl.Tensor{x}, Scalars: []float64{by}}, encode(t, v...))
	if err != nil {
		return nil, err
	}
	return decode(t, after[1]), nil
}

func (l *lab) overflow() (string, error) {
	v, err := l.product(acl.Float16, 300, 300, 1, 2, 3, 4, 5, 6, 7)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(v[0]), nil
}

func (l *lab) tie() (string, error) {
	after, err := l.call(acl.Spec{Op: acl.Cast, Integers: []int64{int64(acl.Float16)}, Inputs: []acl.Tensor{nd(acl.Float, 8)},
		Outputs: []acl.Tensor{nd(acl.Float16, 8)}}, encode(acl.Float, 1+0x1p-11, 1+3*0x1p-11, -1-0x1p-11, -1-3*0x1p-11, 1, 2, 3, 4))
	if err != nil {
		return "", err
	}
	got := decode(acl.Float16, after[1])
	for name, want := range map[string][]float64{"to even": {1, 1 + 0x1p-9, -1, -1 - 0x1p-9}, "to zero": {1, 1 + 0x1p-10, -1, -1 - 0x1p-10},
		"away from zero": {1 + 0x1p-10, 1 + 0x1p-9, -1 - 0x1p-10, -1 - 0x1p-9}} {
		if slices.Equal(got[:4], want) {
			return name, nil
		}
	}
	return fmt.Sprint(got[:4]), nil
}

func (l *lab) subnormal() (string, error) {
	v, err := l.product(acl.Float16, 2, 0x1p-24, 0x1p-20, 1, 2, 3, 4, 5, 6)
	if err != nil {
		return "", err
	}
	if v[0] == 0x1p-23 && v[1] == 0x1p-19 {
		return "yes", nil
	}
	return fmt.Sprintf("no: %g and %g", v[0], v[1]), nil
}

// view multiplies by one number in the middle of four, as the optimizer does.
func (l *lab) view() (string, error) {
	x, number := nd(acl.Float, 8), nd(acl.Float, 1)
	number.Offset, number.Storage = 2, 4
	after, err := l.call(acl.Spec{Op: acl.InplaceMul, Inputs: []acl.Tensor{x, number}}, encode(acl.Float, 1, 2, 3, 4, 5, 6, 7, 8), encode(acl.Float, 2, 3, 5, 7))
	if err != nil {
		return "", err
	}
	if got := decode(acl.Float, after[0]); got[0] != 5 || got[7] != 40 {
		return fmt.Sprintf("accepted, wrong: %v", got), nil
	}
	return "accepted, right", nil
}

// notKept lists operators of the training step whose plans cannot be made repeatable.
func (l *lab) notKept() (string, error) {
	f, half, v := nd(acl.Float, 8), nd(acl.Float16, 8), []float64{1, 1}
	matrix := nd(acl.Float, 2, 4)
	x := maps(acl.Float16, 2, 16, 4, 4)
	cube := acl.KeepType
	specs := []acl.Spec{
		convolution(acl.Float16, cube, 2, 4, 16, 16, 3, 1), convolution(acl.Float16, cube, 2, 4, 16, 16, 3, 16),
		backward([]bool{true, true, false}, x, maps(acl.Float16, 16, 16, 1, 1), acl.NoTensor),
		norm(acl.Float16, acl.Float, 2, 16, 4, 4),
		{Op: acl.InplaceHardtanh, Inputs: []acl.Tensor{x}, Scalars: []float64{0, 6}},
		{Op: acl.HardtanhBackward, Inputs: []acl.Tensor{x, x}, Outputs: []acl.Tensor{x}, Scalars: []float64{0, 6}},
		{Op: acl.InplaceAdd, Inputs: []acl.Tensor{f, f}, Scalars: v[:1]}, {Op: acl.InplaceMul, Inputs: []acl.Tensor{f, f}},
		{Op: acl.Muls, Inputs: []acl.Tensor{f}, Outputs: []acl.Tensor{f}, Scalars: v[:1]},
		{Op: acl.InplaceAddcmul, Inputs: []acl.Tensor{f, f, f}, Scalars: v[:1]},
		{Op: acl.Mean, Inputs: []acl.Tensor{x}, Outputs: []acl.Tensor{maps(acl.Float16, 2, 16, 1, 1)}, Arrays: [][]int64{{2, 3}}, Flags: []bool{true},
			Integers: []int64{int64(acl.Float16)}},
		{Op: acl.ReduceSum, Inputs: []acl.Tensor{matrix}, Outputs: []acl.Tensor{nd(acl.Float, 2)}, Arrays: [][]int64{{1}}, Flags: []bool{false},
			Integers: []int64{int64(acl.Float)}},
		{Op: acl.LogSoftmax, Inputs: []acl.Tensor{matrix}, Outputs: []acl.Tensor{matrix}, Integers: []int64{1}},
		{Op: acl.Softmax, Inputs: []acl.Tensor{matrix}, Outputs: []acl.Tensor{matrix}, Integers: []int64{1}},
		{Op: acl.OneHot, Integers: []int64{4, -1}, Inputs: []acl.Tensor{nd(acl.Int32, 2), nd(acl.Float, 1), nd(acl.Float, 1)}, Outputs: []acl.Tensor{matrix}},
		{Op: acl.Cast, Integers: []int64{int64(acl.Float16)}, Inputs: []acl.Tensor{f}, Outputs: []acl.Tensor{half}},
		{Op: acl.InplaceCopy, Inputs: []acl.Tensor{f, f}}, {Op: acl.InplaceZero, Inputs: []acl.Tensor{f}},
		{Op: acl.Permute, Inputs: []acl.Tensor{matrix}, Outputs: []acl.Tensor{nd(acl.Float, 4, 2)}, Arrays: [][]int64{{1, 0}}},
		{Op: acl.IsFinite, Inputs: []acl.Tensor{f}, Outputs: []acl.Tensor{nd(acl.Bool, 8)}},
	}
	var refused []string
	for _, s := range specs {
		b, err := l.dev.NewBatch([]acl.Spec{s}, true, l.spot)
		if err != nil {
			refused = append(refused, fmt.Sprintf("%v (%v)", s.Op, err))
			continue
		}
		if b.Repeatable == 0 {
			refused = append(refused, strings.TrimPrefix(s.Op.String(), "aclnn"))
		}
		if err := b.Close(); err != nil {
			return "", err
		}
	}
	slices.Sort(refused)
	return strings.Join(refused, " "), nil
}

// alignment takes memory of odd sizes and looks where it begins.
func (l *lab) alignment() (_ string, err error) {
	least := 64
	for i := range 20 {
		a, err := l.dev.Malloc(int64(1 + i*331))
		if err != nil {
			return "", err
		}
		least = min(least, bits.TrailingZeros64(uint64(a)))
		if err := l.dev.Free(a); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d bytes", 1<<least), nil
}
