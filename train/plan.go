package train

import (
	"errors"
	"fmt"
)

// Plan is what a run would do and take.
type Plan struct {
	StepsPerEpoch, Epochs int
	Rates                 []float64 // of every step
	Memory                []Memory  // on the device
}

// Memory is a part of what a run holds on the device.
type Memory struct {
	Use   string
	Bytes int64
}

// MakePlan makes a run ready on the device, measures it, and gives everything back. It trains nothing and writes nothing.
func MakePlan(o Options, in Inputs) (Plan, error) {
	p := Plan{StepsPerEpoch: in.Train.Steps(), Epochs: o.Epochs}
	var err error
	if p.Rates, err = o.Schedule.Rates(p.StepsPerEpoch, o.Epochs); err != nil {
		return p, fmt.Errorf("train: %w", err)
	}
	t, err := newTrial(o, in, p.Rates)
	if err != nil {
		return p, err
	}
	p.Memory, err = t.memory()
	return p, errors.Join(err, t.close())
}

// memory lists what the run holds on the device.
func (t *trial) memory() ([]Memory, error) {
	step, err := t.training(t.Batch * t.in.Train.Splits())
	if err != nil {
		return nil, err
	}
	trained, all := t.in.Arch.Count()
	list := []Memory{{"parameters", 4 * int64(all)}, {"gradients", 4 * int64(trained)},
		{"optimizer state", 4 * int64(trained) * int64(t.rule.States())}, {"training step", step.Memory()}}
	if more := t.state.Memory() - 4*int64(trained)*int64(1+t.rule.States()); t.EMA > 0 || t.Accumulate > 1 {
		list = append(list, Memory{"averages and accumulated gradients", more})
	}
	if t.eval != nil {
		list = append(list, Memory{"validation", t.eval.Memory()})
	}
	return list, nil
}
