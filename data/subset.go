package data

import (
	"fmt"
	"slices"

	"mnv2/data/pixel"
)

// Subset is a part of a Dataset with the same classes, in the order of the whole.
type Subset struct {
	whole   Dataset
	indices []int
}

// NewSubset keeps n samples of a set: a random choice that depends on seed if shuffle is set, else the first n.
// It serves --num_samples. Unlike MindSpore, which chooses anew in every epoch, the choice is made once, and it is the same on all ranks.
func NewSubset(whole Dataset, n int, seed uint64, shuffle bool) (*Subset, error) {
	if n < 1 || n > whole.Len() {
		return nil, fmt.Errorf("data set: num_samples %d: want 1 to %d, the number of samples there are", n, whole.Len())
	}
	indices := permutation(whole.Len(), stream(streamSubset, seed, 0, 0), shuffle)[:n]
	slices.Sort(indices)
	return &Subset{whole, slices.Clone(indices)}, nil
}

// Len is the number of samples kept.
func (s *Subset) Len() int { return len(s.indices) }

// Classes are those of the whole set.
func (s *Subset) Classes() []string { return s.whole.Classes() }

// Notes are those of the whole set, if it has any.
func (s *Subset) Notes() []string {
	if whole, ok := s.whole.(interface{ Notes() []string }); ok {
		return whole.Notes()
	}
	return nil
}

// Label is the class of sample i of the subset.
func (s *Subset) Label(i int) int { return s.whole.Label(s.indices[i]) }

// Name is the name of sample i in the whole set.
func (s *Subset) Name(i int) string { return s.whole.Name(s.indices[i]) }

// Load reads sample i of the subset.
func (s *Subset) Load(i int) (pixel.Image, error) { return s.whole.Load(s.indices[i]) }

// LoadRegion reads a part of sample i of the subset, if the whole set can.
func (s *Subset) LoadRegion(i int, choose func(w, h int) pixel.Rect, m *Scratch) (pixel.Excerpt, error) {
	return LoadRegion(s.whole, s.indices[i], choose, m)
}
