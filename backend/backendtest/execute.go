package backendtest

import (
	"bytes"
	"errors"
	"fmt"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// The names of scratch memory on a stage. No operand is called so.
const (
	workspaceName = "(workspace)"
	savedName     = "(saved)"
)

func isUnsupported(err error) bool { return errors.Is(err, backend.ErrUnsupported) }

// execute runs plan once on values, one per operand, nil for outputs. inPlace puts outputs on the inputs that their InPlace
// names. It returns the operands afterwards, after checking everything that must hold whatever the operation is. Padding
// lanes are not looked at unless padding is set: NaN times the zeros beside a filter is NaN, and no device need mask that.
func execute(b backend.Backend, plan backend.Plan, values []*ref.Tensor, inPlace, padding bool) (results []*ref.Tensor, err error) {
	operands := plan.Op().Operands()
	list := []named{scratchTensor(workspaceName, plan.Workspace()), scratchTensor(savedName, plan.Saved())}
	names := make([]string, len(operands))
	for i, o := range operands {
		names[i] = o.Name
		if inPlace && o.InPlace != "" {
			names[i] = o.InPlace
		} else {
			list = append(list, named{o.Name, o.Desc})
		}
	}
	s, err := newStage(b, list)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.free()) }()
	s.anyPadding = !padding
	for i, v := range values {
		if v != nil {
			s.put(names[i], v)
		}
	}
	if err := s.runPlan(plan, names); err != nil {
		return nil, err
	}
	for _, name := range names {
		results = append(results, s.value(name))
	}
	return results, nil
}

// runPlan uploads the stage, runs plan on the tensors called names, downloads the stage, and checks guards, inputs and
// padding lanes.
func (s *stage) runPlan(plan backend.Plan, names []string) error {
	s.poison(workspaceName)
	before := bytes.Clone(s.host)
	if err := s.upload(); err != nil {
		return err
	}
	if err := plan.Run(s.args(names), s.scratch(plan)); err != nil {
		return err
	}
	if err := s.download(); err != nil {
		return err
	}
	return s.checkRun(plan.Op().Operands(), names, before)
}

// scratch returns exactly what plan asks for.
func (s *stage) scratch(plan backend.Plan) backend.Scratch {
	var scratch backend.Scratch
	if n := plan.Workspace(); n > 0 {
		scratch.Workspace = backend.Bytes(s.buf, s.at[workspaceName].Off, n)
	}
	if n := plan.Saved(); n > 0 {
		scratch.Saved = backend.Bytes(s.buf, s.at[savedName].Off, n)
	}
	return scratch
}

func (s *stage) checkRun(operands []backend.Operand, names []string, before []byte) error {
	if err := s.guards(); err != nil {
		return err
	}
	written := map[string]bool{}
	for i, o := range operands {
		if o.Role != backend.In {
			written[names[i]] = true
			if err := ref.Padding(o.Desc, s.bytes(names[i])); err != nil && !s.anyPadding {
				return fmt.Errorf("output %q: %w", o.Name, err)
			}
		}
	}
	for _, name := range names {
		t := s.at[name]
		if !written[name] && !bytes.Equal(before[t.Off:t.Off+t.Bytes()], s.bytes(name)) {
			return fmt.Errorf("input %q was changed", name)
		}
	}
	return nil
}

// runPair runs both plans of a pair one after the other on values by operand name. It returns all operands by name. Between
// the two, workspace is poisoned and saved memory is left alone.
func runPair(b backend.Backend, first, second backend.Plan, values map[string]*ref.Tensor) (results map[string]*ref.Tensor, err error) {
	list := []named{
		scratchTensor(workspaceName, max(first.Workspace(), second.Workspace())),
		scratchTensor(savedName, max(first.Saved(), second.Saved()))}
	seen := map[string]bool{}
	for _, o := range append(first.Op().Operands(), second.Op().Operands()...) {
		if !seen[o.Name] {
			list = append(list, named{o.Name, o.Desc})
			seen[o.Name] = true
		}
	}
	s, err := newStage(b, list)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.free()) }()
	for _, n := range list {
		if v := values[n.name]; v != nil {
			s.put(n.name, v)
		}
	}
	for _, plan := range []backend.Plan{first, second} {
		if err := s.runPlan(plan, operandNames(plan.Op())); err != nil {
			return nil, fmt.Errorf("%s: %w", kindOf(plan.Op()), err)
		}
	}
	results = map[string]*ref.Tensor{}
	for name := range seen {
		results[name] = s.value(name)
	}
	return results, nil
}

func operandNames(op backend.Op) []string {
	var names []string
	for _, o := range op.Operands() {
		names = append(names, o.Name)
	}
	return names
}
