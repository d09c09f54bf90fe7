package train

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// TestOptimizersFollowPyTorch takes the steps of PyTorch 2.15.0 (torch.optim, float64): w starts at 1, -2, 0.5 and g is
// (0.3, -0.2, 0.1)*t at step t, lr 0.1, weight decay 0.01.
func TestOptimizersFollowPyTorch(t *testing.T) {
	for name, c := range followed {
		t.Run(name, func(t *testing.T) { follow(t, c.optimizer, c.want, 1e-12) })
	}
}

// TestOptimizersFollowMindSpore takes the same steps with MindSpore 2.10 and MindCV 0.3 in float32: of weights up to 2, a few
// roundings of 1.2e-7.
func TestOptimizersFollowMindSpore(t *testing.T) {
	for name, c := range mindsporeSteps {
		t.Run(name, func(t *testing.T) { follow(t, c.optimizer, c.want, 2e-6) })
	}
}

// follow takes three steps with the float64 reference and compares the weights.
func follow(t *testing.T, o Optimizer, want [3][]float64, tolerance float64) {
	rule, err := o.rule()
	require.NoError(t, err)
	vec := backend.Vec(backend.F32, 3)
	operands := []*ref.Tensor{ref.New(vec), ref.New(backend.Vec(backend.F32, backend.HyperCount)), ref.New(vec)}
	copy(operands[2].V, []float64{1, -2, 0.5})
	slots := optimizers[o.name()].slots
	for i := range rule.States() {
		state := ref.New(vec)
		for j := range state.V {
			state.V[j] = float64(slots[i].start)
		}
		operands = append(operands, state)
	}
	for i := range 3 {
		step := float64(i + 1)
		copy(operands[0].V, []float64{0.3 * step, -0.2 * step, 0.1 * step})
		setHyper(operands[1].V, o, i+1)
		require.NoError(t, ref.Run(backend.Update{Rule: rule, Elements: 3}, operands))
		assert.InDeltaSlice(t, want[i], operands[2].V, tolerance, "step %d", i+1)
	}
}

func setHyper(to []float64, o Optimizer, t int) {
	h := o.hyper(t, 0.1, 0.01)
	to[backend.HyperLR], to[backend.HyperWeightDecay], to[backend.HyperMomentum] = h.LR, h.WeightDecay, h.Momentum
	to[backend.HyperGradScale], to[backend.HyperSecond], to[backend.HyperEps] = 1, h.Second, h.Eps
	to[backend.HyperFirstScale], to[backend.HyperSecondScale] = h.FirstScale, h.SecondScale
	to[backend.HyperGradShare], to[backend.HyperDecoupled] = h.GradShare, h.Decoupled
}

func TestUnknownOptimizer(t *testing.T) {
	_, err := Optimizer{Name: "adan"}.rule()
	assert.ErrorContains(t, err, `opt "adan"`)
}

// TestLambFollowsItsFormula takes steps of testdata/golden/make_lamb.py. timm's differ by where eps stands: 1e-6 beside squares of 0.01.
func TestLambFollowsItsFormula(t *testing.T) {
	for name, c := range lambSteps {
		t.Run(name, func(t *testing.T) {
			vec := backend.Vec(backend.F32, 3)
			dw, hyper, ends, w := ref.New(vec), ref.New(backend.Vec(backend.F32, backend.HyperCount)), ref.New(backend.Vec(backend.I32, 1)), ref.New(vec)
			ends.V[0] = 3
			copy(w.V, c.start)
			v, s := ref.New(vec), ref.New(vec)
			for i := range 3 {
				for j, g := range c.gradient {
					dw.V[j] = g * float64(i+1)
				}
				setHyper(hyper.V, Optimizer{Name: "lamb"}, i+1)
				require.NoError(t, ref.Run(backend.Update{Rule: backend.Lamb, Elements: 3, Tensors: 1}, []*ref.Tensor{dw, hyper, ends, w, v, s}))
				assert.InDeltaSlice(t, c.want[i], w.V, 1e-12, "step %d", i+1)
				if c.timm[i] != nil {
					assert.InDeltaSlice(t, c.timm[i], w.V, 3e-5, "timm's step %d", i+1)
				}
			}
		})
	}
}
