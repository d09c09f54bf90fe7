package pth

import (
	"errors"
	"fmt"
)

// callStep executes the operations that name, call or load something outside the pickle.
func (m *machine) callStep(op byte) error {
	var v any
	var err error
	switch op {
	case opGlobal:
		v, err = m.global()
	case opStackGlob:
		v, err = m.stackGlobal()
	case opReduce:
		v, err = m.reduce()
	default:
		v, err = m.persistent()
	}
	if err == nil {
		m.push(v)
	}
	return err
}

func (m *machine) global() (any, error) {
	module, err := m.line()
	if err != nil {
		return nil, err
	}
	name, err := m.line()
	if err != nil {
		return nil, err
	}
	return findGlobal(module, name)
}

func (m *machine) stackGlobal() (any, error) {
	pair, err := m.popN(2)
	if err != nil {
		return nil, err
	}
	module, ok1 := pair[0].(string)
	name, ok2 := pair[1].(string)
	if !ok1 || !ok2 || len(module) > maxNameBytes || len(name) > maxNameBytes {
		return nil, errors.New("a name must be two short strings")
	}
	return findGlobal(module, name)
}

// reduce calls a global with a tuple of arguments.
func (m *machine) reduce() (any, error) {
	pair, err := m.popN(2)
	if err != nil {
		return nil, err
	}
	g, ok1 := pair[0].(global)
	args, ok2 := pair[1].(tuple)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("cannot call a %T with a %T", pair[0], pair[1])
	}
	v, err := call(g, args)
	if err != nil {
		return nil, fmt.Errorf("%s.%s: %w", g.module, g.name, err)
	}
	return v, nil
}

func call(g global, args tuple) (any, error) {
	switch g.name {
	case "OrderedDict":
		return orderedDict(args)
	case "Size", "device":
		if len(args) == 0 {
			return nil, errArguments
		}
		return args[0], nil
	case "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3":
		return rebuildTensor(g.name, args)
	case "_rebuild_parameter", "_rebuild_parameter_with_state":
		if len(args) > 0 {
			if t, ok := args[0].(*tensorRef); ok {
				return t, nil
			}
		}
		return nil, errArguments
	case "_rebuild_from_type_v2": // function, type, arguments, attributes
		if len(args) == 4 {
			inner, ok1 := args[0].(global)
			innerArgs, ok2 := args[2].(tuple)
			if ok1 && ok2 && inner.name != g.name {
				return call(inner, innerArgs)
			}
		}
		return nil, errArguments
	}
	return nil, errors.New("this name cannot be called")
}

var errArguments = errors.New("unexpected arguments")

// orderedDict takes no argument, or (Python 2) a list of key-value pairs.
func orderedDict(args tuple) (any, error) {
	d := &dict{}
	if len(args) == 0 {
		return d, nil
	}
	pairs, ok := args[0].(*list)
	if !ok {
		return nil, errArguments
	}
	for _, p := range pairs.items {
		pair := sequence(p)
		if len(pair) != 2 || !d.set(pair[0], pair[1]) {
			return nil, errArguments
		}
	}
	return d, nil
}

// rebuildTensor takes storage, offset, size, stride and, depending on the version, requires_grad, hooks, dtype.
func rebuildTensor(name string, args tuple) (any, error) {
	if len(args) < 4 {
		return nil, errArguments
	}
	t := &tensorRef{}
	var ok [4]bool
	t.storage, ok[0] = args[0].(storageRef)
	t.offset, ok[1] = args[1].(int64)
	t.size, ok[2] = integers(args[2])
	t.stride, ok[3] = integers(args[3])
	if ok != [4]bool{true, true, true, true} || len(t.size) != len(t.stride) {
		return nil, errArguments
	}
	if name == "_rebuild_tensor_v3" {
		if len(args) < 7 {
			return nil, errArguments
		}
		g, _ := args[6].(global)
		d, known := g.dtype()
		if !known {
			return nil, errArguments
		}
		return t, t.storage.retype(d)
	}
	if t.storage.kind.untyped {
		return nil, errors.New("the tensor has no element type")
	}
	return t, nil
}

func sequence(v any) []any {
	switch s := v.(type) {
	case tuple:
		return s
	case *list:
		return s.items
	}
	return nil
}

func integers(v any) ([]int64, bool) {
	items, ok := v.(tuple)
	if !ok || len(items) > maxDims {
		return nil, false
	}
	out := make([]int64, len(items))
	for i, x := range items {
		if out[i], ok = x.(int64); !ok {
			return nil, false
		}
	}
	return out, true
}
