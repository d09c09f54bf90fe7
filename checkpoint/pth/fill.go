package pth

import (
	"errors"
	"fmt"
)

// fillStep executes the operations that put values into the container below them.
func (m *machine) fillStep(op byte) error {
	items, err := m.operands(op)
	if err != nil {
		return err
	}
	target, err := m.top()
	if err != nil {
		return err
	}
	switch op {
	case opAppend, opAppends:
		l, ok := target.(*list)
		if !ok {
			return fmt.Errorf("cannot append to a %T", target)
		}
		l.items = append(l.items, items...)
		return nil
	case opSetItem, opSetItems:
		return fillDict(target, items)
	}
	return build(target, items[0])
}

func (m *machine) operands(op byte) ([]any, error) {
	switch op {
	case opAppends, opSetItems:
		return m.popMark()
	case opSetItem:
		return m.popN(2)
	}
	return m.popN(1)
}

func fillDict(target any, items []any) error {
	d, ok := target.(*dict)
	if !ok || len(items)%2 != 0 {
		return fmt.Errorf("cannot set %d keys and values of a %T", len(items), target)
	}
	for i := 0; i < len(items); i += 2 {
		if !d.set(items[i], items[i+1]) {
			return fmt.Errorf("a %T cannot be a key here", items[i])
		}
	}
	return nil
}

// build gives an OrderedDict its attributes; state_dict() keeps module versions in one of them.
func build(target, state any) error {
	d, isDict := target.(*dict)
	attrs, hasAttrs := state.(*dict)
	if !isDict || !hasAttrs {
		return errors.New("only a dictionary can be given attributes")
	}
	d.attrs = attrs
	return nil
}
