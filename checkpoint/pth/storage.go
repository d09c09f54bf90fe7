package pth

import (
	"errors"
	"fmt"
	"strconv"

	"mnv2/checkpoint/internal/tensor"
)

// persistent resolves a persistent id, which in PyTorch files is the tuple
// ('storage', class, key, device, numel) and in legacy ones has a sixth item: None or (view key, offset, numel).
func (m *machine) persistent() (any, error) {
	v, err := m.pop()
	if err != nil {
		return nil, err
	}
	id, ok := v.(tuple)
	if !ok || len(id) < 5 || id[0] != "storage" {
		return nil, errors.New("the file refers to something other than a storage (a whole model?); " +
			"save only the weights, torch.save(model.state_dict(), ...)")
	}
	class, _ := id[1].(global)
	kind, ok := class.storage()
	if !ok {
		return nil, errors.New("a storage of unknown class")
	}
	ref := storageRef{kind: kind}
	switch key := id[2].(type) {
	case string:
		ref.key = key
	case int64:
		ref.key = strconv.FormatInt(key, 10)
	default:
		return nil, errors.New("a storage without a name")
	}
	m.kinds[ref.key] = kind
	if ref.numel, ok = id[4].(int64); !ok || ref.numel < 0 {
		return nil, fmt.Errorf("storage %q: its size is not a number", ref.key)
	}
	if len(id) > 5 && id[5] != nil {
		return ref.viewed(id[5])
	}
	return ref, nil
}

// viewed narrows a storage to the part that an old file (before PyTorch 0.4) calls a storage view.
func (s storageRef) viewed(metadata any) (any, error) {
	view, _ := metadata.(tuple)
	if len(view) != 3 {
		return nil, fmt.Errorf("storage %q: unknown view", s.key)
	}
	offset, ok1 := view[1].(int64)
	numel, ok2 := view[2].(int64)
	if !ok1 || !ok2 || offset < 0 || numel < 0 || offset > s.numel || numel > s.numel-offset {
		return nil, fmt.Errorf("storage %q: its view lies outside", s.key)
	}
	s.base, s.numel = offset, numel
	return s, nil
}

// retype gives an untyped storage, whose numel counts bytes, an element type.
func (s *storageRef) retype(d tensor.DType) error {
	if !s.kind.untyped {
		if s.kind.dtype != d {
			return fmt.Errorf("storage %q: %v and %v disagree", s.key, s.kind.dtype, d)
		}
		return nil
	}
	s.kind = storageKind{dtype: d}
	s.numel /= int64(d.Size())
	return nil
}
