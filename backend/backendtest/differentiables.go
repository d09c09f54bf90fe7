package backendtest

import (
	"math/rand/v2"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// differentiables lists every operation that has a gradient, in shapes small enough for differences.
func differentiables(l backend.Layout) []differentiable {
	list := []differentiable{normGradient(l), activationGradient(l), poolGradient(l), dropoutGradient(l)}
	for _, s := range []convShape{{2, 5, 4, 3, 4, 3, 2, 1, 1}, {2, 3, 3, 4, 5, 1, 1, 0, 1}, {1, 5, 5, 6, 6, 3, 1, 1, 6}, {1, 6, 4, 4, 4, 3, 2, 1, 2}} {
		list = append(list, convGradient(s, l))
	}
	for _, soft := range []bool{false, true} {
		list = append(list, lossGradient(soft, l))
	}
	for _, b := range blockCases(backend.F32, l) {
		list = append(list, blockGradient(b))
	}
	return list
}

// seeded returns numbers that belong to an operation.
func seeded(op backend.Op) *rand.Rand { return rand.New(rand.NewPCG(seedOf(op.String()), 4)) }

func convGradient(s convShape, l backend.Layout) differentiable {
	op := s.op(backend.Forward, backend.F32, l)
	op.Bias = true
	rng := seeded(op)
	at := map[string]*ref.Tensor{"x": randomTensor(rng, op.In()), "w": randomTensor(rng, op.Weight()),
		"b": randomTensor(rng, backend.Vec(backend.F32, op.K))}
	dy, y := randomTensor(rng, op.Out()), ref.New(op.Out())
	return differentiable{op.String(), at,
		func() float64 { mustRun(op, at["x"], at["w"], at["b"], y); return dot(dy, y) },
		func() map[string]*ref.Tensor {
			g := zerosLike(at)
			weight, input := op, op
			weight.Pass, input.Pass, input.Bias = backend.GradWeight, backend.GradInput, false
			mustRun(weight, at["x"], dy, g["w"], g["b"])
			mustRun(input, at["w"], dy, g["x"])
			return g
		}}
}

func zerosLike(at map[string]*ref.Tensor) map[string]*ref.Tensor {
	zeros := map[string]*ref.Tensor{}
	for name, t := range at {
		zeros[name] = ref.New(t.Desc)
	}
	return zeros
}

func normGradient(l backend.Layout) differentiable {
	op := backend.BatchNorm{Pass: backend.Forward, DType: backend.F32, Layout: l, N: 2, H: 3, W: 3, C: 4, Eps: 1e-3, Momentum: 0.1}
	rng := seeded(op)
	vec := backend.Vec(backend.F32, op.C)
	at := map[string]*ref.Tensor{"x": randomTensor(rng, op.In()), "gamma": randomTensor(rng, vec), "beta": randomTensor(rng, vec)}
	dy, y, mean, invstd := randomTensor(rng, op.In()), ref.New(op.In()), ref.New(vec), ref.New(vec)
	value := func() float64 {
		mustRun(op, at["x"], at["gamma"], at["beta"], ref.New(vec), ref.New(vec), mean, invstd, y)
		return dot(dy, y)
	}
	return differentiable{op.String(), at, value, func() map[string]*ref.Tensor {
		value()
		g := zerosLike(at)
		back := op
		back.Pass = backend.Backward
		mustRun(back, at["x"], dy, at["gamma"], mean, invstd, g["x"], g["gamma"], g["beta"])
		return g
	}}
}

func activationGradient(l backend.Layout) differentiable {
	op := backend.Activation{Pass: backend.Forward, Act: backend.ReLU6, DType: backend.F32, Layout: l, N: 2, H: 3, W: 3, C: 4}
	back := op
	back.Pass = backend.Backward
	rng := seeded(op)
	at := map[string]*ref.Tensor{"x": randomTensor(rng, op.In())}
	for i := range at["x"].V {
		at["x"].V[i] = 3 + 4*at["x"].V[i]
	}
	dy, y := randomTensor(rng, op.In()), ref.New(op.In())
	value := func() float64 { mustRun(op, at["x"], y); return dot(dy, y) }
	return differentiable{op.String(), at, value, func() map[string]*ref.Tensor {
		value()
		g := zerosLike(at)
		mustRun(back, dy, y, g["x"])
		return g
	}}
}

func poolGradient(l backend.Layout) differentiable {
	op := backend.GlobalAvgPool{Pass: backend.Forward, DType: backend.F32, Layout: l, N: 2, H: 3, W: 2, C: 5}
	back := op
	back.Pass = backend.Backward
	rng := seeded(op)
	at := map[string]*ref.Tensor{"x": randomTensor(rng, op.In())}
	dy, y := randomTensor(rng, op.Out()), ref.New(op.Out())
	return differentiable{op.String(), at,
		func() float64 { mustRun(op, at["x"], y); return dot(dy, y) },
		func() map[string]*ref.Tensor { g := zerosLike(at); mustRun(back, dy, g["x"]); return g }}
}

func dropoutGradient(l backend.Layout) differentiable {
	op := backend.Dropout{DType: backend.F32, Layout: l, N: 3, C: 7, Rate: 0.3}
	rng := seeded(op)
	at := map[string]*ref.Tensor{"x": randomTensor(rng, op.In())}
	dy, y, mask := randomTensor(rng, op.In()), ref.New(op.In()), ref.New(backend.Matrix(backend.U8, op.N, op.C))
	for i := range mask.V {
		mask.V[i] = float64(rng.IntN(2))
	}
	return differentiable{op.String(), at,
		func() float64 { mustRun(op, at["x"], mask, y); return dot(dy, y) },
		func() map[string]*ref.Tensor { g := zerosLike(at); mustRun(op, dy, mask, g["x"]); return g }}
}

// lossGradient is of the scaled mean of the losses.
func lossGradient(soft bool, l backend.Layout) differentiable {
	op := backend.SoftmaxCrossEntropy{Pass: backend.Backward, DType: backend.F32, Layout: l, N: 6, C: 5, Smoothing: 0.1, Soft: soft, Mean: true}
	rng := seeded(op)
	values := generate(rng, op, normal)
	at := map[string]*ref.Tensor{"logits": values[0]}
	loss, dlogits := ref.New(backend.Vec(backend.F32, op.N)), ref.New(op.In())
	value := func() float64 {
		mustRun(op, at["logits"], values[1], values[2], loss, dlogits)
		sum := 0.0
		for _, v := range loss.V {
			sum += v
		}
		return values[2].V[0] * sum / float64(op.N)
	}
	return differentiable{op.String(), at, value, func() map[string]*ref.Tensor {
		value()
		return map[string]*ref.Tensor{"logits": dlogits.Clone()}
	}}
}

// blockGradient is of a whole block: its input and every parameter.
func blockGradient(b backend.Block) differentiable {
	pair := pairsOf(b)[0]
	rng := seeded(pair.first)
	e := expectation{values: map[string]*ref.Tensor{}}
	e.keep(pair.second, generate(rng, pair.second, normal))
	delete(e.values, "y")
	at := e.values
	return differentiable{pair.second.String(), at,
		func() float64 {
			operands := pick(pair.first, at)
			mustRun(pair.first, operands...)
			return dot(at["dy"], operands[len(operands)-1])
		},
		func() map[string]*ref.Tensor {
			operands := pick(pair.second, at)
			mustRun(pair.second, operands...)
			g := map[string]*ref.Tensor{}
			for i, o := range pair.second.Operands() {
				if name, ok := gradientOf(o.Name); ok {
					g[name] = operands[i]
				}
			}
			return g
		}}
}

// pick returns copies of the operands of op from values by name, and zeros for those that are not there.
func pick(op backend.Op, values map[string]*ref.Tensor) []*ref.Tensor {
	operands := op.Operands()
	list := make([]*ref.Tensor, len(operands))
	for i, o := range operands {
		list[i] = values[o.Name]
	}
	return withOutputs(op, list)
}
