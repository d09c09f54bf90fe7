package model

import "mnv2/backend"

// Health is how the steps of a training went, as [backend.Guard] keeps it on the device.
type Health struct {
	Scale   float64 // loss scale of the next step
	Good    int     // steps that counted since the last that did not, or since the scale was doubled
	Skipped int     // steps that did not count because their loss or gradients were not finite, in all
	Run     int     // those among them since the last that counted
	Norm    float64 // of the gradient of the last step that counted, before it was limited; 0 without a limit
}

// Health waits for the last step and tells how the steps went.
func (s *TrainState) Health() (Health, error) {
	v := make([]float32, backend.GuardCount)
	if err := s.params.device.Download(bytesOf(v), s.health, 0); err != nil {
		return Health{}, err
	}
	return Health{Scale: float64(v[backend.GuardScale]), Good: int(v[backend.GuardGood]), Skipped: int(v[backend.GuardSkipped]),
		Run: int(v[backend.GuardRun]), Norm: float64(v[backend.GuardNorm])}, nil
}

// StoreHealth sets the loss scale and the counts. Gradients are multiplied by the scale on their way back and divided by it before the update.
func (s *TrainState) StoreHealth(h Health) error {
	v := make([]float32, backend.GuardCount)
	v[backend.GuardScale], v[backend.GuardGood], v[backend.GuardSkipped] = float32(h.Scale), float32(h.Good), float32(h.Skipped)
	v[backend.GuardRun], v[backend.GuardNorm] = float32(h.Run), float32(h.Norm)
	s.scale = h.Scale
	return s.params.device.Upload(s.health, 0, bytesOf(v))
}

// guardState is where the health lies.
func (s *TrainState) guardState() backend.Tensor {
	return backend.Tensor{Desc: backend.Vec(backend.F32, backend.GuardCount), Buf: s.health}
}

// lossScale is where the loss scale lies: the first number of the health.
func (s *TrainState) lossScale() backend.Tensor {
	return backend.Tensor{Desc: backend.Vec(backend.F32, 1), Buf: s.health, Off: backend.GuardScale * 4}
}

// backup is room for the moving statistics from before a step.
func (s *TrainState) backup() backend.Tensor {
	t := s.params.allStatistics()
	t.Buf, t.Off = s.health, backend.Alignment
	return t
}
