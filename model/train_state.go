package model

import (
	"errors"
	"fmt"

	"mnv2/backend"
)

// TrainState is what training keeps beside the parameters: gradients and the optimizer's velocity, in arenas like theirs.
type TrainState struct {
	params    *Parameters
	gradients backend.Buffer
	velocity  backend.Buffer
}

// NewTrainState makes room for the gradients and the velocity of p, all zero.
func NewTrainState(p *Parameters) (*TrainState, error) {
	s := &TrainState{params: p}
	var err error
	if s.gradients, err = p.device.Alloc(int64(p.elements)*4, "gradients"); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if s.velocity, err = p.device.Alloc(int64(p.elements)*4, "velocity"); err != nil {
		return nil, errors.Join(fmt.Errorf("model: %w", err), s.gradients.Free())
	}
	return s, nil
}

// Gradients copies the gradients of the last step from the device, by MindCV name, times the loss scale.
func (s *TrainState) Gradients() (map[string][]float32, error) {
	return s.params.loadTrainable(s.gradients)
}

// Velocity copies the optimizer's velocity from the device, by MindCV name.
func (s *TrainState) Velocity() (map[string][]float32, error) {
	return s.params.loadTrainable(s.velocity)
}

// StoreVelocity copies values, by MindCV name, to the device. Parameters that are not named keep what they have.
func (s *TrainState) StoreVelocity(values map[string][]float32) error {
	for i, q := range s.params.arch.params {
		v, ok := values[q.Name]
		if !ok || !q.Kind.Trainable() {
			continue
		}
		if len(v) != q.Elements() {
			return fmt.Errorf("model: velocity of %q: got %d values, want %d", q.Name, len(v), q.Elements())
		}
		t := s.params.inArena(i, s.velocity)
		if err := s.params.device.Upload(t.Buf, t.Off, bytesOf(v)); err != nil {
			return fmt.Errorf("model: velocity of %q: %w", q.Name, err)
		}
	}
	return nil
}

// Close frees the memory.
func (s *TrainState) Close() error { return errors.Join(s.gradients.Free(), s.velocity.Free()) }
