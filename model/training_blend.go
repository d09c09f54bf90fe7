package model

import (
	"errors"
	"fmt"

	"mnv2/backend"
)

// blends are the plans that add gradients up and average weights; nil for what is not asked for.
type blends struct{ gather, weights, statistics backend.Plan }

func (t *Training) compileBlends() error {
	s := t.state
	var err error
	blend := func(elements int, why string) backend.Plan {
		p, e := backend.Compile(s.params.device, backend.Update{Rule: backend.Blend, Elements: elements})
		if e != nil {
			err = errors.Join(err, fmt.Errorf("%s needs it: %w", why, e))
			return nil
		}
		t.plans = append(t.plans, p)
		return p
	}
	if s.Accumulate > 1 {
		t.blends.gather = blend(s.trained().Elements(), "adding gradients up")
	}
	if s.averages != nil {
		t.blends.weights = blend(s.params.elements, "averaging the weights")
		t.blends.statistics = blend(s.params.allStatistics().Elements(), "averaging the weights")
	}
	return err
}

// gatherCalls add the gradients of this step to those before.
func (t *Training) gatherCalls() []call {
	if t.blends.gather == nil {
		return nil
	}
	return []call{{plan: t.blends.gather, args: &backend.UpdateArgs{DW: t.state.trained(), Hyper: t.hyperRow(t.rows.gather), W: t.state.sums()}}}
}

// averageCalls move the averages towards the weights and the moving statistics.
func (t *Training) averageCalls() []call {
	if t.blends.weights == nil {
		return nil
	}
	p, a, hyper := t.state.params, t.state.averages, t.hyperRow(t.rows.average)
	return []call{
		{plan: t.blends.weights, args: &backend.UpdateArgs{DW: p.allValues(), Hyper: hyper, W: a.allValues()}},
		{plan: t.blends.statistics, args: &backend.UpdateArgs{DW: p.allStatistics(), Hyper: hyper, W: a.allStatistics()}},
	}
}

// hyperRow is where the numbers of an update lie.
func (t *Training) hyperRow(i int) backend.Tensor {
	hyper := t.hyper
	hyper.Desc = backend.Vec(backend.F32, backend.HyperCount)
	hyper.Off += int64(i) * backend.Alignment
	return hyper
}
