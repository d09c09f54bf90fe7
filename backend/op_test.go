package backend

import (
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
)

// extremes are values that fields of a kind should not have, or only by care.
var extremes = map[reflect.Kind][]any{
	reflect.Int:     {0, -1, 1, 2, math.MaxInt, math.MaxInt - 1, math.MinInt, math.MaxInt32, 1 << 40},
	reflect.Uint8:   {uint8(0), uint8(1), uint8(2), uint8(3), uint8(4), uint8(5), uint8(6), uint8(7), uint8(255)},
	reflect.Float32: {float32(0), float32(-1), float32(1), float32(2), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))},
	reflect.Bool:    {true, false},
}

// spoil calls f with op once for every field and extreme value, that field having that value.
func spoil(op Op, f func(field string, op Op)) {
	var walk func(v reflect.Value, name string, whole reflect.Value)
	walk = func(v reflect.Value, name string, whole reflect.Value) {
		if v.Kind() == reflect.Struct {
			for i := range v.NumField() {
				walk(v.Field(i), v.Type().Field(i).Name, whole)
			}
			return
		}
		old := reflect.ValueOf(v.Interface())
		for _, x := range extremes[v.Kind()] {
			v.Set(reflect.ValueOf(x).Convert(v.Type()))
			f(name, whole.Interface().(Op))
		}
		v.Set(old)
	}
	v := reflect.New(reflect.TypeOf(op)).Elem()
	v.Set(reflect.ValueOf(op))
	walk(v, "", v)
}

// TestCheckAcceptsOnlyWhatHasSensibleOperands spoils every field of every operation: whatever Check lets pass must have
// operands that can be allocated, and none of it may panic.
func TestCheckAcceptsOnlyWhatHasSensibleOperands(t *testing.T) {
	var ops []Op
	for _, list := range argsOf() {
		ops = append(ops, list...)
	}
	for _, pair := range testPairs() {
		ops = append(ops, pair[0], pair[1])
	}
	for _, op := range ops {
		if !assert.NoError(t, op.Check(), "%v", op) {
			continue
		}
		spoil(op, func(field string, bad Op) {
			_ = bad.String()
			if bad.Check() != nil {
				return
			}
			for _, o := range bad.Operands() {
				assert.NoError(t, o.Desc.Check(), "%v with another %s: %q", bad, field, o.Name)
			}
		})
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	conv := Conv2D{Pass: Forward, DType: F32, Layout: NHWC, N: 1, H: 4, W: 4, C: 6, K: 4, R: 3, S: 3, Stride: 1, Pad: 1, Groups: 2}
	norm := BatchNorm{Pass: Forward, DType: F32, Layout: NHWC, N: 1, H: 4, W: 4, C: 6, Eps: 1e-5, Momentum: 0.1}
	block := testBlocks()[3].(InvertedResidual)
	block.Pass = Forward
	change := func(op any, field string, value any) Op {
		v := reflect.New(reflect.TypeOf(op)).Elem()
		v.Set(reflect.ValueOf(op))
		f := v.FieldByName(field)
		f.Set(reflect.ValueOf(value).Convert(f.Type()))
		return v.Interface().(Op)
	}
	for _, c := range []struct {
		op   Op
		says string
	}{
		{change(conv, "Pass", Backward), "pass backward: want one of [forward infer grad-input grad-weight]"},
		{change(conv, "DType", I32), "dtype i32: want f32, f16 or bf16"},
		{change(conv, "Groups", 4), "Groups = 4: want a divisor of C = 6 and K = 4"},
		{change(conv, "R", 7), "filter 7x3 is larger than the padded input 6x6"},
		{change(conv, "Pad", -1), "Pad = -1"},
		{change(conv, "Pad", math.MaxInt), "Pad = 9223372036854775807"},
		{change(norm, "Eps", 0), "Eps = 0: want more than 0"},
		{change(norm, "Momentum", float32(math.NaN())), "Momentum = NaN: want 0 to 1"},
		{change(block, "Stride", 2), "Residual: want Stride 1 (is 2)"},
		{change(block, "Expand", false), "E = 60: want C = 10 when Expand is false"},
		{Activation{Pass: Forward, DType: F32, Layout: NHWC, N: 1, H: 1, W: 1, C: 1}, "Act linear: want relu6"},
		{Dropout{DType: F32, Layout: NHWC, N: 1, C: 1, Rate: 1}, "Rate = 1: want more than 0 and less than 1"},
		{Head{Pass: Forward, DropRate: -1}, "DropRate = -1"},
		{Reduce{Kind: 9}, "Kind reduction(9)"},
		{Update{Rule: 9}, "Rule rule(9)"},
		{Convert{From: Vec(U8, 3), To: Vec(F32, 4)}, "want equal sizes"},
		{Convert{From: Vec(F32, 3), To: Vec(U8, 3)}, "dtype u8"},
		{Convert{From: Vec(U8, 5), To: Vec(F32, 5), Normalize: true}, "normalise 5 channels: want 4 at most"},
		{Convert{From: Vec(U8, 1), To: Vec(F32, 1), Normalize: true}, "Std[0] = 0: want more than 0"},
		{SoftmaxCrossEntropy{Pass: Forward, Smoothing: 1}, "Smoothing = 1"},
		{SoftmaxCrossEntropy{Pass: Infer, DType: F32, Layout: NHWC, N: 1, C: 1}, "pass infer"},
		{ConvBNAct{Pass: Forward, Act: 7}, "Act act(7): want linear or relu6"},
	} {
		assert.ErrorContains(t, c.op.Check(), c.says, "%v", c.op)
	}
}
