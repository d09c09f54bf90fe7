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
		t.Run(name, func(t *testing.T) {
			o := c.optimizer
			rule, err := o.rule()
			require.NoError(t, err)
			op := backend.Update{Rule: rule, Elements: 3}
			vec := backend.Vec(backend.F32, 3)
			operands := []*ref.Tensor{ref.New(vec), ref.New(backend.Vec(backend.F32, backend.HyperCount)), ref.New(vec)}
			copy(operands[2].V, []float64{1, -2, 0.5})
			for range rule.States() {
				operands = append(operands, ref.New(vec))
			}
			for i := range 3 {
				step := float64(i + 1)
				copy(operands[0].V, []float64{0.3 * step, -0.2 * step, 0.1 * step})
				setHyper(operands[1].V, o, i+1)
				require.NoError(t, ref.Run(op, operands))
				assert.InDeltaSlice(t, c.want[i], operands[2].V, 1e-12, "step %d", i+1)
			}
		})
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
