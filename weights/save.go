package weights

import (
	"encoding/binary"
	"fmt"
	"math"

	"mnv2/checkpoint"
	"mnv2/model"
)

// Snapshot is a network with its values, by MindCV name, and what goes with them.
type Snapshot struct {
	Arch   *model.Arch
	Values map[string][]float32
	Card   Card

	// Of a training run; nil otherwise.
	Run *RunState
	State
	Momentum float64
	Rates    []float64 // the whole learning-rate schedule
}

// Save writes s to path in the given format and naming. Training state is written to MindSpore checkpoints only.
func Save(path string, format checkpoint.Format, naming model.Scheme, s Snapshot) error {
	meta, err := encodeMeta(s)
	if err != nil {
		return err
	}
	f := &checkpoint.File{Format: format, Meta: meta}
	if format == checkpoint.SafeTensors && naming != model.MindCV {
		meta["format"] = "pt"
	}
	for _, p := range s.Arch.Params() {
		name, ok := model.Rename(p.Name, model.MindCV, naming)
		if !ok {
			return fmt.Errorf("weights: save %q: parameter %q has no name in %s", path, p.Name, naming)
		}
		f.Tensors = append(f.Tensors, checkpoint.FromFloat32s(name, p.Shape, s.Values[p.Name]))
	}
	for _, name := range model.BatchCounters(naming) {
		f.Tensors = append(f.Tensors, checkpoint.Tensor{Name: name, DType: checkpoint.I64, Data: make([]byte, 8)})
	}
	if format == checkpoint.CKPT && s.Velocity != nil {
		f.Tensors = append(f.Tensors, stateTensors(s)...)
	}
	return checkpoint.Write(path, f)
}

// SaveState writes the optimizer's state alone, as MindCV's optim_MODEL.ckpt holds it.
func SaveState(path string, s Snapshot) error {
	return checkpoint.Write(path, &checkpoint.File{Format: checkpoint.CKPT, Tensors: stateTensors(s)})
}

// stateTensors are what MindSpore's optimizers keep: the next step, the schedule, and the velocity or moments; of Momentum, the
// momentum too.
func stateTensors(s Snapshot) []checkpoint.Tensor {
	step := binary.LittleEndian.AppendUint32(nil, uint32(s.Run.GlobalStep))
	list := []checkpoint.Tensor{
		{Name: "global_step", DType: checkpoint.I32, Shape: []int{1}, Data: step},
		checkpoint.FromFloat32s("learning_rate", []int{len(s.Rates)}, toFloat32s(s.Rates)),
		{Name: "momentum", DType: checkpoint.F32, Data: binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(s.Momentum)))},
	}
	prefixes := s.Prefixes
	if prefixes == nil {
		prefixes = []string{velocityPrefix}
	}
	add := func(prefix string, values map[string][]float32) {
		for _, p := range s.Arch.Params() {
			if v, ok := values[p.Name]; ok {
				list = append(list, checkpoint.FromFloat32s(prefix+p.Name, p.Shape, v))
			}
		}
	}
	for i, values := range []map[string][]float32{s.Velocity, s.Second}[:len(prefixes)] {
		add(prefixes[i], values)
	}
	add(accumulatedPrefix, s.Accumulated)
	if s.Averages != nil {
		add(averagePrefix, s.Averages)
		updates := binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(s.Run.GlobalStep)))
		list = append(list, checkpoint.Tensor{Name: "updates", DType: checkpoint.F32, Data: updates})
	}
	return list
}

// What stands before the names of parameters in the state of MindSpore's Momentum, and of MindCV's training step.
const (
	velocityPrefix    = "moments."
	averagePrefix     = "ema."
	accumulatedPrefix = "grad_accumulation."
)

func toFloat32s(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}
