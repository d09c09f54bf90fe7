package backend

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// argsOf are all argument structs with an operation in every pass that they serve.
func argsOf() map[reflect.Type][]Op {
	conv := Conv2D{DType: F32, Layout: NCHW8c, N: 2, H: 4, W: 4, C: 3, K: 5, R: 3, S: 3, Stride: 1, Pad: 1, Groups: 1}
	norm := BatchNorm{DType: F32, Layout: NCHW8c, N: 2, H: 3, W: 3, C: 5, Eps: 1e-5, Momentum: 0.1}
	act := Activation{Act: ReLU6, DType: F32, Layout: NCHW8c, N: 2, H: 3, W: 3, C: 5}
	pool := GlobalAvgPool{DType: F32, Layout: NCHW8c, N: 2, H: 3, W: 3, C: 5}
	loss := SoftmaxCrossEntropy{DType: F32, Layout: NCHW8c, N: 2, C: 5}
	lists := map[reflect.Type][]Op{}
	add := func(args Args, ops ...Op) {
		t := reflect.TypeOf(args).Elem()
		lists[t] = append(lists[t], ops...)
	}
	for _, p := range []Pass{Forward, Infer, GradInput, GradWeight} {
		conv.Pass, conv.Bias = p, false
		add(&Conv2DArgs{}, conv)
		conv.Bias = true
		add(&Conv2DArgs{}, conv)
	}
	for _, p := range []Pass{Forward, Infer, Backward} {
		norm.Pass, act.Pass, pool.Pass = p, p, p
		add(&BatchNormArgs{}, norm)
		add(&ActivationArgs{}, act)
		add(&GlobalAvgPoolArgs{}, pool)
	}
	for _, p := range []Pass{Forward, Backward} {
		loss.Pass, loss.Soft = p, false
		add(&SoftmaxCrossEntropyArgs{}, loss)
		loss.Soft = true
		add(&SoftmaxCrossEntropyArgs{}, loss)
	}
	add(&AddArgs{}, Add{Desc: act.In(), A: 1, B: 1})
	add(&DropoutArgs{}, Dropout{DType: F32, Layout: NCHW8c, N: 2, C: 5, Rate: 0.5})
	add(&FillArgs{}, Fill{Desc: act.In()})
	add(&ConvertArgs{}, Convert{From: act.In(), To: act.In().With(F32, NCHW)})
	add(&ReduceArgs{}, Reduce{Kind: Sum, Desc: act.In()})
	for _, rule := range []Rule{Momentum, Adam, Lion, RMSProp, Adagrad, Blend} {
		add(&UpdateArgs{}, Update{Rule: rule, Elements: 9})
	}
	add(&UpdateArgs{}, Update{Rule: Lamb, Elements: 9, Tensors: 2})
	return lists
}

// TestArgsBindInTheOrderOfOperands fills the fields called like the operands, whatever the case of letters.
func TestArgsBindInTheOrderOfOperands(t *testing.T) {
	for args, ops := range argsOf() {
		for _, op := range ops {
			t.Run(op.String(), func(t *testing.T) {
				require.NoError(t, op.Check())
				want := place(op)
				v := reflect.New(args)
				for i, o := range op.Operands() {
					field := v.Elem().FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, o.Name) })
					require.True(t, field.IsValid(), o.Name)
					field.Set(reflect.ValueOf(want[i]))
				}
				got, err := NewBinder(op).Bind(v.Interface().(Args))
				require.NoError(t, err)
				assert.Equal(t, want, got)
			})
		}
	}
}

func TestBlockArgsBindInTheOrderOfOperands(t *testing.T) {
	for _, pair := range testPairs() {
		for _, op := range pair {
			t.Run(op.String(), func(t *testing.T) {
				want := place(op)
				var a BlockArgs
				for i, o := range op.Operands() {
					switch {
					case o.Name == "x":
						a.X = want[i]
					case o.Name == "dy":
						a.DY = want[i]
					case o.Name == "mask":
						a.Mask = want[i]
					case o.Name == "y":
						a.Y = want[i]
					case o.Name == "dx":
						a.DX = want[i]
					case strings.HasPrefix(o.Name, "d."):
						a.Grads = append(a.Grads, want[i])
					default:
						a.Params = append(a.Params, want[i])
					}
				}
				got, err := NewBinder(op).Bind(&a)
				require.NoError(t, err)
				assert.Equal(t, want, got)
			})
		}
	}
}

func TestBinderRefuses(t *testing.T) {
	op := Add{Desc: Desc{F32, NCHW8c, 1, 4, 4, 8}, A: 1, B: 1}
	for _, c := range []struct {
		name  string
		spoil func(a *AddArgs)
		says  string
	}{
		{"a missing tensor", func(a *AddArgs) { a.X = Tensor{} }, "got 1 tensors, want 2 (x, y)"},
		{"another shape", func(a *AddArgs) { a.X.H = 5 }, `operand "x": is f32 nchw8c 1x5x4x8, want f32 nchw8c 1x4x4x8`},
		{"another type", func(a *AddArgs) { a.Y.DType = I32 }, `operand "y"`},
		{"misalignment", func(a *AddArgs) { a.X.Off = 32 }, "multiple of 64"},
		{"a negative offset", func(a *AddArgs) { a.X.Off = -64 }, "multiple of 64"},
		{"an end outside", func(a *AddArgs) { a.Y.Off += 64 }, "outside a buffer of 1024"},
		{"an overflowing end", func(a *AddArgs) { a.Y.Off = math.MaxInt64 - 63 }, "outside a buffer"},
		{"exact overlap", func(a *AddArgs) { a.Y.Off = a.X.Off }, `output "y" shares memory with "x"`},
		{"partial overlap", func(a *AddArgs) { a.Y.Off = a.X.Off + 64 }, `output "y" shares memory with "x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := place(op)
			a := AddArgs{X: list[0], Y: list[1]}
			b := NewBinder(op)
			_, err := b.Bind(&a)
			require.NoError(t, err)
			c.spoil(&a)
			_, err = b.Bind(&a)
			assertArgs(t, err, "Add(", c.says)
			got, err := b.Bind(&AddArgs{X: list[0], Y: list[1]})
			require.NoError(t, err, "the right call again")
			assert.Equal(t, list, got)
		})
	}
}

func TestBinderAllowsInPlaceExactly(t *testing.T) {
	op := Activation{Pass: Backward, Act: ReLU6, DType: F32, Layout: NCHW8c, N: 1, H: 4, W: 4, C: 8}
	list := place(op)
	dy, y := list[0], list[1]
	b := NewBinder(op)
	_, err := b.Bind(&ActivationArgs{DY: dy, Y: y, DX: dy})
	assert.NoError(t, err)
	_, err = b.Bind(&ActivationArgs{DY: dy, Y: y, DX: y})
	assertArgs(t, err, `output "dx" shares memory with "y"`)
	_, err = b.Bind(&ActivationArgs{DY: dy, Y: dy, DX: list[2]})
	assert.NoError(t, err, "inputs may be the same")
	_, err = b.Bind(&ActivationArgs{DY: dy, Y: dy, DX: dy})
	assertArgs(t, err, `output "dx" shares memory with "y"`)
}

func TestBinderDoesNotAllocate(t *testing.T) {
	op := Add{Desc: Vec(F32, 8), A: 1, B: 1}
	list := place(op)
	b, a := NewBinder(op), &AddArgs{X: list[0], Y: list[1]}
	other := place(op)
	swap := &AddArgs{X: other[0], Y: other[1]}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for _, args := range []*AddArgs{a, a, swap} {
			if _, err := b.Bind(args); err != nil {
				t.Error(err)
			}
		}
	}))
}

func TestCheckScratch(t *testing.T) {
	p := &fakePlan{op: Fill{Desc: Vec(F32, 1)}, work: 100, saved: 40}
	good := scratchFor(p)
	require.NoError(t, CheckScratch(p, good))
	require.NoError(t, CheckScratch(&fakePlan{op: p.op}, Scratch{}))
	for name, spoil := range map[string]func(*Tensor){
		"unset": func(t *Tensor) { *t = Tensor{} }, "short view": func(t *Tensor) { t.C-- },
		"short buffer": func(t *Tensor) { t.Buf = &fakeBuffer{raw: make([]byte, t.Bytes()-1)} },
		"misaligned":   func(t *Tensor) { t.Off = 1 }, "negative": func(t *Tensor) { t.Off = -64 },
		"overflow": func(t *Tensor) { t.Off = math.MaxInt64 - 63 },
	} {
		t.Run(name, func(t *testing.T) {
			s := good
			spoil(&s.Workspace)
			assertArgs(t, CheckScratch(p, s), "workspace: want 100 bytes")
			s = good
			spoil(&s.Saved)
			assertArgs(t, CheckScratch(p, s), "saved: want 40 bytes")
		})
	}
}

func TestOperandNamesAreUnique(t *testing.T) {
	var ops []Op
	for _, list := range argsOf() {
		ops = append(ops, list...)
	}
	for _, pair := range testPairs() {
		ops = append(ops, pair[0], pair[1])
	}
	texts := map[string]Op{}
	for _, op := range ops {
		list := slices.Sorted(slices.Values(names(op.Operands())))
		assert.Len(t, slices.Compact(slices.Clone(list)), len(list), op)
		other, taken := texts[op.String()]
		assert.True(t, !taken || other == op, "two operations are called %v", op)
		texts[op.String()] = op
		for _, o := range op.Operands() {
			assert.NoError(t, o.Desc.Check(), "%v: %s", op, o.Name)
			if o.InPlace != "" {
				i := slices.Index(names(op.Operands()), o.InPlace)
				require.GreaterOrEqual(t, i, 0)
				assert.Equal(t, o.Desc, op.Operands()[i].Desc)
				assert.Equal(t, In, op.Operands()[i].Role)
			}
		}
	}
}
