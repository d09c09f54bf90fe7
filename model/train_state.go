package model

import (
	"errors"
	"fmt"

	"mnv2/backend"
)

// StateOptions say what is kept beside the parameters.
type StateOptions struct {
	Rule       backend.Rule // of the optimizer
	Accumulate int          // steps whose gradients are added up before an update; 0 and 1: none
	Average    bool         // keep averages of weights and moving statistics over time
}

// TrainState is what training keeps beside the parameters: gradients and the optimizer's state, in arenas like theirs, and how the steps went.
type TrainState struct {
	StateOptions
	params      *Parameters
	gradients   backend.Buffer
	slots       []backend.Buffer // velocity or moments, as many as the rule has
	accumulated backend.Buffer   // gradients added up so far; nil if they are not
	averages    *Parameters      // nil for none
	health      backend.Buffer   // how the steps went, and room for the moving statistics from before a step
	scale       float64          // the loss scale that was set
}

// NewTrainState makes room for the gradients of p and the state of SGD with momentum, all zero.
func NewTrainState(p *Parameters) (*TrainState, error) {
	return NewTrainStateOf(p, StateOptions{Rule: backend.Momentum})
}

// NewTrainStateOf makes room for the gradients of p and for what o asks for, all zero; the loss scale is 1.
func NewTrainStateOf(p *Parameters, o StateOptions) (*TrainState, error) {
	s := &TrainState{StateOptions: o, params: p}
	if err := s.allocate(); err != nil {
		return nil, errors.Join(fmt.Errorf("model: %w", err), s.Close())
	}
	if err := s.StoreHealth(Health{Scale: 1}); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *TrainState) allocate() (err error) {
	p := s.params
	if s.gradients, err = p.device.Alloc(int64(p.elements)*4, "gradients"); err != nil {
		return err
	}
	for range s.Rule.States() {
		slot, err := p.device.Alloc(int64(p.elements)*4, "optimizer state")
		if err != nil {
			return err
		}
		s.slots = append(s.slots, slot)
	}
	if s.Accumulate > 1 {
		if s.accumulated, err = p.device.Alloc(int64(p.elements)*4, "accumulated gradients"); err != nil {
			return err
		}
	}
	if s.health, err = p.device.Alloc(backend.Alignment+p.statistics.Size(), "health of the steps"); err != nil || !s.Average {
		return err
	}
	s.averages, err = p.like("averages")
	return err
}

// Gradients copies the gradients of the last step from the device, by MindCV name, times the loss scale.
func (s *TrainState) Gradients() (map[string][]float32, error) {
	return s.params.loadTrainable(s.gradients)
}

// Averages are the averaged weights and moving statistics, nil if there are none. They are as the parameters were at first if they were stored so.
func (s *TrainState) Averages() *Parameters { return s.averages }

// Velocity is Slot(0).
func (s *TrainState) Velocity() (map[string][]float32, error) { return s.Slot(0) }

// Slot copies one kind of the optimizer's numbers from the device, by MindCV name: 0 is the velocity or first moment, 1 the second.
func (s *TrainState) Slot(i int) (map[string][]float32, error) {
	return s.params.loadTrainable(s.slots[i])
}

// Accumulated copies the gradients that were added up so far, by MindCV name; nil if they are not.
func (s *TrainState) Accumulated() (map[string][]float32, error) {
	if s.accumulated == nil {
		return nil, nil
	}
	return s.params.loadTrainable(s.accumulated)
}

// StoreAccumulated copies gradients that were added up before to the device.
func (s *TrainState) StoreAccumulated(values map[string][]float32) error {
	if s.accumulated == nil {
		return nil
	}
	return s.store(s.accumulated, "accumulated gradient", values)
}

// StoreVelocity is StoreSlot(0, values).
func (s *TrainState) StoreVelocity(values map[string][]float32) error { return s.StoreSlot(0, values) }

// StoreSlot copies values, by MindCV name, to the device. Parameters that are not named keep what they have.
func (s *TrainState) StoreSlot(slot int, values map[string][]float32) error {
	return s.store(s.slots[slot], "velocity", values)
}

// FillSlot sets all numbers of a kind, those between parameters too.
func (s *TrainState) FillSlot(slot int, value float32) error {
	all := make([]float32, s.params.elements)
	for i := range all {
		all[i] = value
	}
	return s.params.device.Upload(s.slots[slot], 0, bytesOf(all))
}

func (s *TrainState) store(to backend.Buffer, what string, values map[string][]float32) error {
	for i, q := range s.params.arch.params {
		v, ok := values[q.Name]
		if !ok || !q.Kind.Trainable() {
			continue
		}
		if len(v) != q.Elements() {
			return fmt.Errorf("model: %s of %q: got %d values, want %d", what, q.Name, len(v), q.Elements())
		}
		t := s.params.inArena(i, to)
		if err := s.params.device.Upload(t.Buf, t.Off, bytesOf(v)); err != nil {
			return fmt.Errorf("model: %s of %q: %w", what, q.Name, err)
		}
	}
	return nil
}

// trained are the gradients of what is trained.
func (s *TrainState) trained() backend.Tensor { return s.params.trained().arena(s.gradients) }

// sums are the gradients that were added up.
func (s *TrainState) sums() backend.Tensor { return s.params.trained().arena(s.accumulated) }

// Memory returns the bytes that the state holds on the device.
func (s *TrainState) Memory() int64 {
	total := int64(0)
	for _, b := range s.buffers() {
		total += b.Size()
	}
	if s.averages != nil {
		total += s.averages.values.Size() + s.averages.statistics.Size()
	}
	return total
}

func (s *TrainState) buffers() []backend.Buffer {
	var list []backend.Buffer
	for _, b := range append([]backend.Buffer{s.gradients, s.accumulated, s.health}, s.slots...) {
		if b != nil {
			list = append(list, b)
		}
	}
	return list
}

// Close frees the memory.
func (s *TrainState) Close() error {
	var errs []error
	for _, b := range s.buffers() {
		errs = append(errs, b.Free())
	}
	if s.averages != nil {
		errs = append(errs, s.averages.Close())
	}
	return errors.Join(errs...)
}
