package weights

import (
	"fmt"
	"math"

	"mnv2/checkpoint"
	"mnv2/model"
)

// State is what a training run keeps beside the weights, by MindCV name.
type State struct {
	GlobalStep  int                  // read from a file only
	Velocity    map[string][]float32 // of the optimizer
	Second      map[string][]float32 // the optimizer's other numbers; nil if it keeps one kind
	Prefixes    []string             // MindSpore's, before the names of Velocity and Second; nil for those of Momentum
	Averages    map[string][]float32 // of weights and moving statistics; nil for none
	Accumulated map[string][]float32 // gradients that wait for their update; nil for none
}

// statePairs are the prefixes of MindSpore's optimizers, of those that keep two kinds of numbers first.
var statePairs = [][]string{{"moment1.", "moment2."}, {"adam_m.", "adam_v."}, {"nadam_m.", "nadam_v."}, {"moment.", "mean_square."},
	{"lamb_m.", "lamb_v."}, {"lion_m."}, {"accum."}, {velocityPrefix}}

// State returns the optimizer's state for the network a, or nil if the file holds none or only a part.
func (f *File) State(a *model.Arch) (*State, error) {
	s := &State{}
	for _, prefixes := range statePairs {
		slots := make([]map[string][]float32, 2)
		var err error
		for i, prefix := range prefixes {
			if slots[i], err = f.slot(a, prefix, isTrained); err != nil {
				return nil, err
			}
		}
		if slots[0] != nil && (slots[1] != nil || len(prefixes) == 1) {
			s.Velocity, s.Second, s.Prefixes = slots[0], slots[1], prefixes
			break
		}
	}
	if s.Velocity == nil {
		return nil, nil
	}
	var err error
	if s.Averages, err = f.slot(a, averagePrefix, isAny); err != nil {
		return nil, err
	}
	if s.Accumulated, err = f.slot(a, accumulatedPrefix, isTrained); err != nil {
		return nil, err
	}
	step, ok := f.state["global_step"]
	if !ok {
		return nil, nil
	}
	v, err := step.Float32s()
	if err != nil || len(v) != 1 || v[0] < 0 || v[0] > math.MaxInt32 {
		return nil, fmt.Errorf("checkpoint %q: %w: global_step is not one number of 0 or more", f.Path, checkpoint.ErrFormat)
	}
	s.GlobalStep = int(v[0])
	if f.Run != nil {
		s.GlobalStep = f.Run.GlobalStep // not rounded to float32
	}
	return s, nil
}

func isTrained(p model.Param) bool { return p.Kind.Trainable() }
func isAny(model.Param) bool       { return true }

// slot returns the numbers under a prefix, or nil if some are missing.
func (f *File) slot(a *model.Arch, prefix string, wanted func(model.Param) bool) (map[string][]float32, error) {
	values := map[string][]float32{}
	for _, p := range a.Params() {
		if !wanted(p) {
			continue
		}
		t, ok := f.state[prefix+p.Name]
		if !ok || !sameShape(t.Shape, p.Shape) {
			return nil, nil
		}
		v, err := t.Float32s()
		if err != nil {
			return nil, fmt.Errorf("checkpoint %q: %w: %w", f.Path, checkpoint.ErrFormat, err)
		}
		values[p.Name] = v
	}
	return values, nil
}

// HasAverages reports whether the file holds averaged weights beside the others.
func (f *File) HasAverages() bool {
	_, ok := f.state[averagePrefix+"features.0.weight"]
	return ok
}

// UseAverages makes the averaged weights those of the file. It is an error, which wraps checkpoint.ErrFormat, if there are none.
func (f *File) UseAverages() error {
	if !f.HasAverages() {
		return fmt.Errorf("checkpoint %q: %w: it holds no averaged weights; leave --ema out", f.Path, checkpoint.ErrFormat)
	}
	for name := range f.tensors {
		t, ok := f.state[averagePrefix+name]
		if !ok {
			return fmt.Errorf("checkpoint %q: %w: the average of %q is missing", f.Path, checkpoint.ErrFormat, name)
		}
		f.tensors[name] = t
	}
	return nil
}
