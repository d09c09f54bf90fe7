package backend

import (
	"errors"
	"fmt"
)

// composePair builds both passes of a block from smaller operations.
func composePair(b Backend, first, second Block, f Fuse) (Plan, Plan, error) {
	c1, err := composition(b, first)
	if err != nil {
		return nil, nil, err
	}
	c2, err := composition(b, second)
	if err != nil {
		return nil, nil, err
	}
	plans, err := compileSteps(b, c1, c2, f)
	if err != nil {
		return nil, nil, errors.Join(err, plans.close())
	}
	saved := placeSaved(c1, plans.first)
	s1, err1 := newSequence(first, c1, plans.first, saved)
	s2, err2 := newSequence(second, c2, plans.second, saved)
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, errors.Join(err, plans.close())
	}
	return s1, s2, nil
}

// stepPlans are the plans of the steps of both compositions, in order.
type stepPlans struct{ first, second []Plan }

func (p stepPlans) close() error {
	var errs []error
	for _, plan := range append(p.first, p.second...) {
		if plan != nil {
			errs = append(errs, plan.Close())
		}
	}
	return errors.Join(errs...)
}

// compileSteps compiles every step; steps with the same Pair key are compiled together.
func compileSteps(b Backend, c1, c2 Composition, f Fuse) (stepPlans, error) {
	plans := stepPlans{make([]Plan, len(c1.Steps)), make([]Plan, len(c2.Steps))}
	for i, step := range c1.Steps {
		var err error
		if step.Pair == "" {
			plans.first[i], err = Compile(b, step.Op)
		} else if j := findPair(c2, step.Pair); j < 0 {
			err = fmt.Errorf("compose: step %q has no partner", step.Pair)
		} else {
			plans.first[i], plans.second[j], err = CompilePair(b, step.Op.(Block), c2.Steps[j].Op.(Block), f)
		}
		if err != nil {
			return plans, err
		}
	}
	for j, step := range c2.Steps {
		if plans.second[j] != nil {
			continue
		}
		if step.Pair != "" {
			return plans, fmt.Errorf("compose: step %q has no partner", step.Pair)
		}
		var err error
		if plans.second[j], err = Compile(b, step.Op); err != nil {
			return plans, err
		}
	}
	return plans, nil
}

func findPair(c Composition, key string) int {
	for i, step := range c.Steps {
		if step.Pair == key {
			return i
		}
	}
	return -1
}

// savedRegion is where the values and the steps of a pair keep what lives between the two passes.
type savedRegion struct {
	values map[string]placed
	steps  map[string]int64 // by Pair key
	size   int64
}

// placeSaved lays out what the first pass of a pair keeps. The second finds it there by name.
func placeSaved(c Composition, plans []Plan) savedRegion {
	r := savedRegion{values: map[string]placed{}, steps: map[string]int64{}}
	for _, v := range c.Values {
		if v.Place == Saved {
			r.values[v.Name] = placed{v, r.size}
			r.size += Align(v.Desc.Bytes())
		}
	}
	for i, step := range c.Steps {
		if step.Pair != "" {
			r.steps[step.Pair] = r.size
			r.size += Align(plans[i].Saved())
		}
	}
	return r
}

// newSequence places the values of c and ties them to the plans of its steps.
func newSequence(op Op, c Composition, plans []Plan, saved savedRegion) (*sequence, error) {
	s := &sequence{op: op, binder: NewBinder(op), values: make([]Tensor, len(c.Values)), savedSize: saved.size}
	scratch := make([]int64, len(plans))
	for i, p := range plans {
		scratch[i] = p.Workspace()
	}
	var offsets []int64
	offsets, s.work = placeWork(c, scratch)
	operand := int64(0)
	for i, v := range c.Values {
		p := placed{v, offsets[i]}
		switch v.Place {
		case Given:
			p.at = operand
			operand++
		case Saved:
			kept, ok := saved.values[v.Name]
			if !ok || kept.Desc != v.Desc {
				return nil, fmt.Errorf("compose %v: %q is not kept by the first pass", op, v.Name)
			}
			p.at = kept.at
		}
		s.places = append(s.places, p)
	}
	for i, step := range c.Steps {
		s.steps = append(s.steps, sequenceStep{plan: plans[i], values: step.Args,
			args: boundArgs{make([]Tensor, len(step.Args))}, savedOff: saved.steps[step.Pair],
			workOff: offsets[len(c.Values)+i]})
	}
	return s, nil
}
