package model

import "errors"

// TrainingNeeds returns how many bytes of device memory [NewTraining] would take, found from its plans: nothing is allocated.
func TrainingNeeds(s *TrainState, o TrainingOptions) (int64, error) {
	t := &Training{state: s, options: o, memory: memory{device: s.params.device}, rows: s.rows()}
	err := t.lay()
	return t.memory.needed(), errors.Join(err, t.Close())
}

// InferenceNeeds is the same of [NewInference].
func InferenceNeeds(p *Parameters, o InferenceOptions) (int64, error) {
	n := &Inference{params: p, options: o, memory: memory{device: p.device}}
	err := n.lay()
	return n.memory.needed(), errors.Join(err, n.Close())
}
