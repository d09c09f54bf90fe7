package model

import (
	"errors"
	"fmt"

	"mnv2/backend"
)

// TrainState is what training keeps beside the parameters: gradients and the optimizer's state, in arenas like theirs.
type TrainState struct {
	params    *Parameters
	gradients backend.Buffer
	slots     []backend.Buffer // velocity or moments, as many as the rule has
}

// NewTrainState makes room for the gradients of p and the state of SGD with momentum, all zero.
func NewTrainState(p *Parameters) (*TrainState, error) { return NewTrainStateOf(p, backend.Momentum) }

// NewTrainStateOf makes room for the gradients of p and for the state that the rule keeps, all zero.
func NewTrainStateOf(p *Parameters, rule backend.Rule) (*TrainState, error) {
	s := &TrainState{params: p}
	var err error
	if s.gradients, err = p.device.Alloc(int64(p.elements)*4, "gradients"); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	for range rule.States() {
		slot, err := p.device.Alloc(int64(p.elements)*4, "optimizer state")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("model: %w", err), s.Close())
		}
		s.slots = append(s.slots, slot)
	}
	return s, nil
}

// Gradients copies the gradients of the last step from the device, by MindCV name, times the loss scale.
func (s *TrainState) Gradients() (map[string][]float32, error) {
	return s.params.loadTrainable(s.gradients)
}

// Velocity is Slot(0).
func (s *TrainState) Velocity() (map[string][]float32, error) { return s.Slot(0) }

// Slot copies one kind of the optimizer's numbers from the device, by MindCV name: 0 is the velocity or first moment, 1 the second.
func (s *TrainState) Slot(i int) (map[string][]float32, error) {
	return s.params.loadTrainable(s.slots[i])
}

// StoreVelocity is StoreSlot(0, values).
func (s *TrainState) StoreVelocity(values map[string][]float32) error { return s.StoreSlot(0, values) }

// FillSlot sets all numbers of a kind, those between parameters too.
func (s *TrainState) FillSlot(slot int, value float32) error {
	all := make([]float32, s.params.elements)
	for i := range all {
		all[i] = value
	}
	return s.params.device.Upload(s.slots[slot], 0, bytesOf(all))
}

// StoreSlot copies values, by MindCV name, to the device. Parameters that are not named keep what they have.
func (s *TrainState) StoreSlot(slot int, values map[string][]float32) error {
	for i, q := range s.params.arch.params {
		v, ok := values[q.Name]
		if !ok || !q.Kind.Trainable() {
			continue
		}
		if len(v) != q.Elements() {
			return fmt.Errorf("model: velocity of %q: got %d values, want %d", q.Name, len(v), q.Elements())
		}
		t := s.params.inArena(i, s.slots[slot])
		if err := s.params.device.Upload(t.Buf, t.Off, bytesOf(v)); err != nil {
			return fmt.Errorf("model: velocity of %q: %w", q.Name, err)
		}
	}
	return nil
}

// Close frees the memory.
func (s *TrainState) Close() error {
	err := s.gradients.Free()
	for _, b := range s.slots {
		err = errors.Join(err, b.Free())
	}
	return err
}
