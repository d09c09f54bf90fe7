package data

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"path/filepath"
	"slices"
)

// NewSplit divides a set into a part for training and one for validation: of each class about the share for validation, at least one
// sample and never all; a class of one sample is for training. What goes where depends on the samples' file names alone, not on the folder,
// so that a later call makes the same division, and a sample that is added moves at most one other of its class.
func NewSplit(whole Dataset, share float64) (train, val *Subset, err error) {
	if !(share > 0) || !(share < 1) {
		return nil, nil, fmt.Errorf("data set: val_share %g: want more than 0 and less than 1", share)
	}
	classes := make([][]int, len(whole.Classes()))
	for i := range whole.Len() {
		classes[whole.Label(i)] = append(classes[whole.Label(i)], i)
	}
	train, val = &Subset{whole: whole}, &Subset{whole: whole}
	for _, samples := range classes {
		slices.SortStableFunc(samples, func(a, b int) int { return cmp.Compare(lot(whole.Name(a)), lot(whole.Name(b))) })
		n := 0
		if len(samples) > 1 {
			n = min(max(1, int(share*float64(len(samples))+0.5)), len(samples)-1)
		}
		val.indices, train.indices = append(val.indices, samples[:n]...), append(train.indices, samples[n:]...)
	}
	slices.Sort(val.indices)
	slices.Sort(train.indices)
	if len(val.indices) == 0 {
		return nil, nil, fmt.Errorf("data set: val_share %g: no class has two pictures, so that one could be kept for validation", share)
	}
	return train, val, nil
}

// lot is a number drawn from a file's name.
func lot(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(filepath.Base(name))) // a hash does not fail
	v := h.Sum64()
	v ^= v >> 33 // names that differ in their last letter differ in few of FNV's high bits
	v *= 0xff51afd7ed558ccd
	return v ^ v>>33
}
