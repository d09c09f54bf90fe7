package backend

import (
	"errors"
	"fmt"
)

// sequence is the plan of a composed operation: the plans of its steps, run one after the other.
type sequence struct {
	op        Op
	binder    *Binder
	places    []placed
	values    []Tensor
	steps     []sequenceStep
	work      int64 // bytes of Work values and of the scratch of steps
	savedSize int64
}

// placed is a value with its place: the index of the operand it is, or its byte in the workspace or saved region.
type placed struct {
	Value
	at int64
}

type sequenceStep struct {
	plan     Plan
	values   []int
	args     boundArgs
	savedOff int64
	workOff  int64
}

// boundArgs are arguments that were put in order already.
type boundArgs struct{ tensors []Tensor }

// Bind implements Args.
func (a *boundArgs) Bind(dst []Tensor) []Tensor { return append(dst, a.tensors...) }

// Op implements Plan.
func (s *sequence) Op() Op { return s.op }

// Workspace implements Plan.
func (s *sequence) Workspace() int64 { return s.work }

// Saved implements Plan.
func (s *sequence) Saved() int64 { return s.savedSize }

// Steps returns the plans this one was composed of, for listings of what runs natively.
func (s *sequence) Steps() []Plan {
	plans := make([]Plan, len(s.steps))
	for i := range s.steps {
		plans[i] = s.steps[i].plan
	}
	return plans
}

// Run implements Plan.
func (s *sequence) Run(args Args, scratch Scratch) error {
	operands, err := s.binder.Bind(args)
	if err != nil {
		return err
	}
	if err := CheckScratch(s, scratch); err != nil {
		return err
	}
	s.address(operands, scratch)
	for i := range s.steps {
		step := &s.steps[i]
		for j, v := range step.values {
			step.args.tensors[j] = s.values[v]
		}
		if err := step.plan.Run(&step.args, s.stepScratch(step, scratch)); err != nil {
			return fmt.Errorf("in %v: %w", shortName(s.op), err)
		}
	}
	return nil
}

// address fills in where every value is in this Run.
func (s *sequence) address(operands []Tensor, scratch Scratch) {
	for i, p := range s.places {
		switch p.Place {
		case Given:
			s.values[i] = operands[p.at]
		case Work:
			s.values[i] = Tensor{Desc: p.Desc, Buf: scratch.Workspace.Buf, Off: scratch.Workspace.Off + p.at}
		case Saved:
			s.values[i] = Tensor{Desc: p.Desc, Buf: scratch.Saved.Buf, Off: scratch.Saved.Off + p.at}
		}
	}
}

func (s *sequence) stepScratch(step *sequenceStep, scratch Scratch) Scratch {
	var inner Scratch
	if n := step.plan.Workspace(); n > 0 {
		inner.Workspace = Bytes(scratch.Workspace.Buf, scratch.Workspace.Off+step.workOff, n)
	}
	if n := step.plan.Saved(); n > 0 {
		inner.Saved = Bytes(scratch.Saved.Buf, scratch.Saved.Off+step.savedOff, n)
	}
	return inner
}

// Close implements Plan: it closes the plans of all steps.
func (s *sequence) Close() error {
	var errs []error
	for i := range s.steps {
		errs = append(errs, s.steps[i].plan.Close())
	}
	s.steps = nil
	return errors.Join(errs...)
}

// shortName is the operation without its sizes, for messages that already name a step.
func shortName(op Op) string {
	name := op.String()
	for i, r := range name {
		if r == '(' {
			return name[:i]
		}
	}
	return name
}
