package model

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// machine takes training steps on three weights with the float64 reference: the operations and their numbers are those of a
// [Training], the network is left out.
type machine struct {
	rows                    rows
	clip                    float64
	state                   *TrainState
	w, v, sums, averages    *ref.Tensor
	plan, hyper, guardState *ref.Tensor
}

func newMachine(average bool, clip float64, accumulate int, scale float64) *machine {
	vec := backend.Vec(backend.F32, 3)
	m := &machine{clip: clip, w: ref.New(vec), v: ref.New(vec), sums: ref.New(vec), averages: ref.New(vec),
		state:      &TrainState{StateOptions: StateOptions{Accumulate: accumulate}, params: &Parameters{groups: []Range{{0, 3}}}},
		guardState: ref.New(backend.Vec(backend.F32, backend.GuardCount))}
	if average {
		m.state.averages = m.state.params
	}
	m.rows = m.state.rows()
	m.plan, m.hyper = ref.New(backend.Matrix(backend.F32, 2*m.rows.count, backend.HyperRoom)), ref.New(backend.Matrix(backend.F32, m.rows.count, backend.HyperRoom))
	m.guardState.V[backend.GuardScale] = scale
	copy(m.w.V, []float64{1, -2, 0.5})
	copy(m.averages.V, m.w.V)
	return m
}

// take takes step number t, counted from 0, with a gradient that is as large as the loss scale.
func (m *machine) take(t *testing.T, step int, g []float64) {
	t.Helper()
	n := max(1, m.state.Accumulate)
	in := Input{First: step%n == 0, Last: step%n == n-1, Hyper: []Hyper{{LR: 0.1, WeightDecay: 0.01, Momentum: 0.9}},
		Decay: 0.99 * (1 - math.Exp(-float64(step+1)/2000))}
	numbers := make([]float32, len(m.plan.V))
	m.rows.fill(numbers, in, m.state)
	for i, v := range numbers {
		m.plan.V[i] = float64(v)
	}
	scaled, squares, finite := ref.New(m.w.Desc), 0.0, 1.0
	for i, x := range g {
		scaled.V[i] = x * m.guardState.V[backend.GuardScale]
		squares += scaled.V[i] * scaled.V[i]
		if math.IsInf(x, 0) {
			finite = 0
		}
	}
	one := func(v float64) *ref.Tensor { return &ref.Tensor{Desc: backend.Vec(backend.F32, 1), V: []float64{v}} }
	op, operands := backend.Guard{Rows: m.rows.count, Scaled: m.rows.scaled, Clip: float32(m.clip)}, []*ref.Tensor{one(finite), one(1)}
	if m.clip > 0 {
		operands = append(operands, one(squares))
	}
	require.NoError(t, ref.Run(op, append(operands, m.plan, m.hyper, m.guardState)))
	from := scaled
	if m.rows.gather >= 0 {
		m.update(t, backend.Blend, m.rows.gather, scaled, m.sums)
		from = m.sums
	}
	if in.Last {
		m.update(t, backend.Momentum, m.rows.groups, from, m.w, m.v)
	}
	if m.rows.average >= 0 {
		m.update(t, backend.Blend, m.rows.average, m.w, m.averages)
	}
}

func (m *machine) update(t *testing.T, rule backend.Rule, row int, dw *ref.Tensor, rest ...*ref.Tensor) {
	t.Helper()
	hyper := &ref.Tensor{Desc: backend.Vec(backend.F32, backend.HyperCount), V: m.hyper.V[row*backend.HyperRoom:][:backend.HyperCount]}
	require.NoError(t, ref.Run(backend.Update{Rule: rule, Elements: 3}, append([]*ref.Tensor{dw, hyper}, rest...)))
}

// TestStepsFollowMindCV takes the steps of MindCV's TrainStep, which computes in float32: of weights up to 2, a few roundings.
func TestStepsFollowMindCV(t *testing.T) {
	for _, c := range mindcvSteps {
		t.Run(c.name, func(t *testing.T) {
			m := newMachine(c.average, c.clip, c.accumulate, 1024)
			for step, want := range c.want {
				n := float64(step + 1)
				m.take(t, step, []float64{0.3 * n, -0.2 * n, 0.1 * n})
				assert.InDeltaSlice(t, want[:3], m.w.V, 2e-6, "weights after step %d", step+1)
				if c.average {
					assert.InDeltaSlice(t, want[3:], m.averages.V, 2e-6, "averages after step %d", step+1)
				}
			}
		})
	}
}

// A step that is skipped leaves everything as it is, but for a sum of gradients that lacks its own.
func TestSkippedStepOfTheMachine(t *testing.T) {
	m := newMachine(true, 0.8, 1, 8)
	m.take(t, 0, []float64{0.3, -0.2, 0.1})
	w, v, averages := m.w.Clone(), m.v.Clone(), m.averages.Clone()
	m.take(t, 1, []float64{math.Inf(1), 0, 1})
	assert.Equal(t, w, m.w)
	assert.Equal(t, v, m.v)
	assert.Equal(t, averages, m.averages)
	assert.Equal(t, 1.0, m.guardState.V[backend.GuardSkipped])
}

func TestLossScaleFollowsMindSpore(t *testing.T) {
	for _, c := range mindsporeScales {
		op := backend.Guard{Rows: 1, Window: c.window}
		state := ref.New(backend.Vec(backend.F32, backend.GuardCount))
		state.V[backend.GuardScale] = float64(c.start)
		for i, overflow := range c.overflows {
			finite := ref.New(backend.Vec(backend.F32, 1))
			if !overflow {
				finite.V[0] = 1
			}
			require.NoError(t, ref.Run(op, []*ref.Tensor{finite, ref.New(backend.Vec(backend.F32, 1)),
				ref.New(backend.Matrix(backend.F32, 2, backend.HyperRoom)), ref.New(backend.Matrix(backend.F32, 1, backend.HyperRoom)), state}))
			assert.Equal(t, c.want[i], state.V[backend.GuardScale], "step %d", i+1)
		}
	}
}
