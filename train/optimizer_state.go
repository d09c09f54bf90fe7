package train

import (
	"fmt"
	"slices"
	"strings"

	"mnv2/model"
	"mnv2/weights"
)

// prefixes are what stands before the names of parameters in the optimizer's part of a checkpoint.
func (o Optimizer) prefixes() []string {
	var list []string
	for _, s := range optimizers[o.name()].slots {
		list = append(list, s.prefix)
	}
	return list
}

// takes returns nil if the optimizer can go on from the state of an earlier part of the run.
func (o Optimizer) takes(from weights.State) error {
	if from.Velocity == nil || from.Prefixes == nil || slices.Equal(from.Prefixes, o.prefixes()) {
		return nil
	}
	return fmt.Errorf("opt %s: the checkpoint holds the state of another optimizer (%s): pass the opt it was made with, or --pretrained FILE to take its weights alone",
		o.name(), strings.Join(ownersOf(from.Prefixes), " or "))
}

// ownersOf names the optimizers whose state has these prefixes.
func ownersOf(prefixes []string) []string {
	var names []string
	for name := range optimizers {
		if slices.Equal(Optimizer{Name: name}.prefixes(), prefixes) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// start puts what the optimizer begins with on the device: what a run that goes on had, or the values of a new one.
func (o Optimizer) start(state *model.TrainState, from weights.State) error {
	for i, s := range optimizers[o.name()].slots {
		if s.start != 0 {
			if err := state.FillSlot(i, s.start); err != nil {
				return err
			}
		}
		values := from.Velocity
		if i == 1 {
			values = from.Second
		}
		if err := state.StoreSlot(i, values); err != nil {
			return err
		}
	}
	return nil
}
