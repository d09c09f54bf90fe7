package ref_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/backend/ref"
	"mnv2/internal/golden"
	"mnv2/internal/tolerance"
)

// The golden files hold what PyTorch computes in float64. Both sides round to 2^-53 in another order, over some hundred
// terms at most, and batch norm divides by a small deviation; 1e-12 of the largest element is far above all that and far
// below any mistake.
const goldenError = 1e-12

// nchw returns a tensor of numbers that lie in N, C, H, W order.
func nchw(d backend.Desc, numbers []float64) *ref.Tensor {
	t := ref.New(d)
	d.Layout = backend.NCHW
	for n := range d.N {
		for h := range d.H {
			for w := range d.W {
				for c := range d.C {
					t.V[t.At(n, h, w, c)] = numbers[d.Index(n, h, w, c)]
				}
			}
		}
	}
	return t
}

// goldenCase is one case of a golden file, whose tensors it reads by name.
type goldenCase struct {
	*testing.T
	file *golden.File
	name string
}

// eachGolden runs f on every case of a golden file.
func eachGolden(t *testing.T, file string, f func(c goldenCase)) {
	g := golden.Load(t, "ops/"+file+".safetensors")
	require.NotEmpty(t, g.Cases())
	for _, name := range g.Cases() {
		t.Run(name, func(t *testing.T) { f(goldenCase{t, g, name}) })
	}
}

func (c goldenCase) tensor(name string, d backend.Desc) *ref.Tensor {
	c.Helper()
	var numbers []float64
	if d.DType == backend.I32 {
		for _, v := range c.file.Int64(c.name + "/" + name) {
			numbers = append(numbers, float64(v))
		}
	} else {
		numbers = c.file.Float64(c.name + "/" + name)
	}
	require.Len(c, numbers, d.Elements(), name)
	return nchw(d, numbers)
}

// want compares a result with the file's.
func (c goldenCase) want(name string, got *ref.Tensor) {
	c.Helper()
	want := c.tensor(name, got.Desc)
	largest := 0.0
	for _, v := range want.V {
		largest = max(largest, v, -v)
	}
	bound := slices.Repeat([]float64{goldenError * max(largest, 1e-3)}, len(want.V))
	r, err := tolerance.Compare(tolerance.F32, got.V, want.V, bound)
	require.NoError(c, err)
	require.True(c, r.OK(), "%s: %v", name, r)
}

func (c goldenCase) run(op backend.Op, operands ...*ref.Tensor) {
	c.Helper()
	require.NoError(c, ref.Run(op, operands))
}

func TestGoldenConv2D(t *testing.T) {
	eachGolden(t, "conv2d", func(c goldenCase) {
		op := backend.Conv2D{Pass: backend.Forward, DType: backend.F32, Layout: backend.NCHW8c}
		c.file.Meta(c.name, &op)
		x, w, dy := c.tensor("x", op.In()), c.tensor("w", op.Weight()), c.tensor("dy", op.Out())
		y, dx, dw, db := ref.New(op.Out()), ref.New(op.In()), ref.New(op.Weight().With(backend.F32, backend.NCHW)), ref.New(backend.Vec(backend.F32, op.K))
		weight, input := op, op
		weight.Pass, input.Pass, input.Bias = backend.GradWeight, backend.GradInput, false
		if op.Bias {
			c.run(op, x, w, c.tensor("b", db.Desc), y)
			c.run(weight, x, dy, dw, db)
			c.want("db", db)
		} else {
			c.run(op, x, w, y)
			c.run(weight, x, dy, dw)
		}
		c.run(input, w, dy, dx)
		c.want("y", y)
		c.want("dw", dw)
		c.want("dx", dx)
	})
}

func TestGoldenBatchNorm(t *testing.T) {
	eachGolden(t, "batchnorm", func(c goldenCase) {
		op := backend.BatchNorm{Pass: backend.Forward, DType: backend.F32, Layout: backend.NHWC}
		c.file.Meta(c.name, &op)
		vec := backend.Vec(backend.F32, op.C)
		x, dy := c.tensor("x", op.In()), c.tensor("dy", op.In())
		gamma, beta := c.tensor("gamma", vec), c.tensor("beta", vec)
		runmean, runvar := c.tensor("runmean", vec), c.tensor("runvar", vec)
		mean, invstd, dgamma, dbeta := ref.New(vec), ref.New(vec), ref.New(vec), ref.New(vec)
		y, dx, infer := ref.New(op.In()), ref.New(op.In()), op
		infer.Pass = backend.Infer
		c.run(infer, x, gamma, beta, runmean, runvar, y)
		c.want("infer", y)
		c.run(op, x, gamma, beta, runmean, runvar, mean, invstd, y)
		op.Pass = backend.Backward
		c.run(op, x, dy, gamma, mean, invstd, dx, dgamma, dbeta)
		for name, got := range map[string]*ref.Tensor{"y": y, "mean": mean, "invstd": invstd, "newmean": runmean,
			"newvar": runvar, "dx": dx, "dgamma": dgamma, "dbeta": dbeta} {
			c.want(name, got)
		}
	})
}

func TestGoldenReLU6(t *testing.T) {
	eachGolden(t, "relu6", func(c goldenCase) {
		op := backend.Activation{Pass: backend.Forward, Act: backend.ReLU6, DType: backend.F32, Layout: backend.NCHW8c}
		c.file.Meta(c.name, &op)
		y, dx := ref.New(op.In()), ref.New(op.In())
		c.run(op, c.tensor("x", op.In()), y)
		op.Pass = backend.Backward
		c.run(op, c.tensor("dy", op.In()), y, dx)
		c.want("y", y)
		c.want("dx", dx)
	})
}

func TestGoldenGlobalAvgPool(t *testing.T) {
	eachGolden(t, "globalavgpool", func(c goldenCase) {
		op := backend.GlobalAvgPool{Pass: backend.Forward, DType: backend.F32, Layout: backend.NCHW8c}
		c.file.Meta(c.name, &op)
		y, dx := ref.New(op.Out()), ref.New(op.In())
		c.run(op, c.tensor("x", op.In()), y)
		op.Pass = backend.Backward
		c.run(op, c.tensor("dy", op.Out()), dx)
		c.want("y", y)
		c.want("dx", dx)
	})
}

func TestGoldenSoftmaxCrossEntropy(t *testing.T) {
	eachGolden(t, "softmaxcrossentropy", func(c goldenCase) {
		op := backend.SoftmaxCrossEntropy{Pass: backend.Backward, DType: backend.F32, Layout: backend.NCHW8c, Mean: true}
		c.file.Meta(c.name, &op)
		scale, loss, dlogits := ref.New(backend.Vec(backend.F32, 1)), ref.New(backend.Vec(backend.F32, op.N)), ref.New(op.In())
		scale.V[0] = 1
		target := "labels"
		if op.Soft {
			target = "targets"
		}
		c.run(op, c.tensor("logits", op.In()), c.tensor(target, op.Operands()[1].Desc), scale, loss, dlogits)
		c.want("loss", loss)
		c.want("dlogits", dlogits)
	})
}

func TestGoldenUpdate(t *testing.T) {
	eachGolden(t, "update", func(c goldenCase) {
		var meta struct {
			LR                    []float64
			Momentum, WeightDecay float64
			Nesterov              bool
		}
		c.file.Meta(c.name, &meta)
		op := backend.Update{Rule: backend.Momentum, Elements: len(c.file.Float64(c.name + "/w"))}
		if meta.Nesterov {
			op.Rule = backend.Nesterov
		}
		flat := backend.Vec(backend.F32, op.Elements)
		w, v, hyper := c.tensor("w", flat), ref.New(flat), ref.New(backend.Vec(backend.F32, backend.HyperCount))
		for i, lr := range meta.LR {
			hyper.V[backend.HyperLR], hyper.V[backend.HyperWeightDecay] = lr, meta.WeightDecay
			hyper.V[backend.HyperMomentum], hyper.V[backend.HyperGradScale] = meta.Momentum, 1
			step := string(rune('0' + i))
			next := string(rune('1' + i))
			c.run(op, c.tensor("g"+step, flat), hyper, w, v)
			c.want("w"+next, w)
			if c.file.Has(c.name + "/v" + next) {
				c.want("v"+next, v)
			}
		}
	})
}
