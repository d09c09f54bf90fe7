package model

import (
	"errors"
	"fmt"

	"mnv2/backend"
)

// guard is what keeps a step whose loss, gradients or new moving statistics are not finite from changing anything. Of such a step the moving statistics are taken
// back, which the forward pass has changed by then, and the updates leave everything as it is.
type guard struct {
	decide                                       backend.Plan
	finite, squares, loss, statistics, join      backend.Plan
	backup, restore                              backend.Plan
	isFinite, sumSquares, sumLoss, sumStatistics backend.Tensor
}

// guardCalls are the parts of a step around the network.
type guardCalls struct{ before, after []call }

// isOn is false on a device that cannot decide by itself whether a step counts.
func (g *guard) isOn() bool { return g.decide != nil }

// Guarded reports whether steps whose loss or gradients are not finite are skipped. On a device without [backend.Guard] they are not.
func (t *Training) Guarded() bool { return t.guard.isOn() }

// compileGuard makes the guard ready if the device has one.
func (t *Training) compileGuard() error {
	b, s := t.state.params.device, t.state
	decide, err := backend.Compile(b, backend.Guard{Rows: t.rows.count, Scaled: t.rows.scaled, Clip: float32(t.options.Clip), Window: t.options.Window})
	switch {
	case errors.Is(err, backend.ErrUnsupported) && t.options.Clip == 0 && t.options.Window == 0:
		return nil
	case err != nil:
		return fmt.Errorf("the limit of the gradient's norm and a loss scale that is found on the way need it: %w", err)
	}
	g := &t.guard
	g.decide = decide
	t.plans = append(t.plans, decide)
	keep := func(op backend.Op) backend.Plan {
		p, e := backend.Compile(b, op)
		if e == nil {
			t.plans = append(t.plans, p)
		}
		err = errors.Join(err, e)
		return p
	}
	trained, statistics := s.trained().Desc, s.params.allStatistics().Desc
	g.finite = keep(backend.Reduce{Kind: backend.AllFinite, Desc: trained})
	g.loss = keep(backend.Reduce{Kind: backend.Sum, Desc: backend.Vec(backend.F32, t.options.Batch)})
	g.statistics = keep(backend.Reduce{Kind: backend.Sum, Desc: statistics})
	g.join = keep(backend.Add{Desc: backend.Vec(backend.F32, 1), A: 1, B: 1})
	if t.options.Clip > 0 {
		g.squares = keep(backend.Reduce{Kind: backend.SumSquares, Desc: trained})
	}
	g.backup = keep(backend.Add{Desc: statistics, A: 1})
	g.restore = keep(backend.Update{Rule: backend.Blend, Elements: statistics.Elements()})
	return err
}

func (g *guard) reserve(m *memory) {
	if !g.isOn() {
		return
	}
	for _, number := range g.tensors() {
		if number != &g.sumSquares || g.squares != nil {
			*number = m.reserve(backend.Vec(backend.F32, 1))
		}
	}
}

func (g *guard) tensors() []*backend.Tensor {
	return []*backend.Tensor{&g.isFinite, &g.sumLoss, &g.sumStatistics, &g.sumSquares}
}

func (t *Training) guardCalls() guardCalls {
	g, s := &t.guard, t.state
	if !g.isOn() {
		return guardCalls{}
	}
	statistics, backup := s.params.allStatistics(), s.backup()
	calls := guardCalls{
		before: []call{{plan: g.backup, args: &backend.AddArgs{X: statistics, Y: backup}}},
		after: []call{
			{plan: g.finite, args: &backend.ReduceArgs{X: s.trained(), Y: g.isFinite}},
			{plan: g.loss, args: &backend.ReduceArgs{X: t.losses, Y: g.sumLoss}},
			{plan: g.statistics, args: &backend.ReduceArgs{X: statistics, Y: g.sumStatistics}},
			{plan: g.join, args: &backend.AddArgs{X: g.sumStatistics, Y: g.sumLoss}}}, // a variance can be infinite where outputs and gradients are not
	}
	if g.squares != nil {
		calls.after = append(calls.after, call{plan: g.squares, args: &backend.ReduceArgs{X: s.trained(), Y: g.sumSquares}})
	}
	calls.after = append(calls.after,
		call{plan: g.decide, args: &backend.GuardArgs{Finite: g.isFinite, Loss: g.sumLoss, Squares: g.sumSquares, Plan: t.plan, Hyper: t.hyper, State: s.guardState()}},
		call{plan: g.restore, args: &backend.UpdateArgs{DW: backup, Hyper: t.hyperRow(t.rows.restore), W: statistics}})
	return calls
}
