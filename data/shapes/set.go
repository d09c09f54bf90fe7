package shapes

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"mnv2/data/pixel"
)

// Sizes of the set that Options leaves at zero.
const (
	DefaultSize  = 64   // pixels per side
	DefaultTrain = 5000 // samples in the split "train"
	DefaultVal   = 1000 // samples in the splits "val" and "test"
)

// Limits that New holds the options to.
const (
	minSize    = 16
	maxSize    = 4096
	maxSamples = 1 << 30
)

// Options says how large the set is. Zero fields take the defaults above.
type Options struct {
	Size  int    // side of the square pictures in pixels, 16 to 4096
	Train int    // number of training samples
	Val   int    // number of validation samples, and of test samples
	Seed  uint64 // another seed gives another set of the same kind
}

// Set is one split of the generated data set. It is safe for concurrent use.
type Set struct {
	split string
	key   uint64 // seed of this split
	size  int
	n     int
}

// New returns the split "train", "val" or "test". Splits never share a picture.
func New(split string, o Options) (*Set, error) {
	s := &Set{split: split, size: orDefault(o.Size, DefaultSize)}
	switch split {
	case "train":
		s.key, s.n = 1, orDefault(o.Train, DefaultTrain)
	case "val":
		s.key, s.n = 2, orDefault(o.Val, DefaultVal)
	case "test":
		s.key, s.n = 3, orDefault(o.Val, DefaultVal)
	default:
		return nil, fmt.Errorf("shapes: no split %q (train|val|test)", split)
	}
	// An odd multiple keeps the splits of one seed, and of seeds that are close together, apart.
	s.key = s.key*0x9e3779b97f4a7c15 ^ o.Seed
	if s.size < minSize || s.size > maxSize {
		return nil, fmt.Errorf("shapes: size %d is outside %d to %d pixels", s.size, minSize, maxSize)
	}
	if s.n < 1 || s.n > maxSamples {
		return nil, fmt.Errorf("shapes: %d samples in split %q: want 1 to %d", s.n, split, maxSamples)
	}
	return s, nil
}

func orDefault(v, byDefault int) int {
	if v == 0 {
		return byDefault
	}
	return v
}

// Classes returns the names of the ten shapes in class order. The slice is the caller's.
func Classes() []string {
	names := make([]string, len(outlines))
	for i, o := range outlines {
		names[i] = o.name
	}
	return names
}

// Len is the number of samples.
func (s *Set) Len() int { return s.n }

// Classes returns the names of the ten shapes in class order.
func (s *Set) Classes() []string { return slices.Clip(Classes()) }

// Label returns the class of sample i, which is i mod 10: every run of ten samples holds each class once.
func (s *Set) Label(i int) int { return i % len(outlines) }

// Name returns the name of sample i for messages, for example "shapes/train#17".
func (s *Set) Name(i int) string { return fmt.Sprintf("shapes/%s#%d", s.split, i) }

// Load draws sample i. The same sample at another size shows the same scene. The error is not nil only for an index outside the set.
func (s *Set) Load(i int) (pixel.Image, error) {
	if i < 0 || i >= s.n {
		return pixel.Image{}, fmt.Errorf("shapes/%s: no sample %d: the split has %d", s.split, i, s.n)
	}
	rng := rand.NewPCG(s.key, uint64(i))
	scene := draw{rng}.scene(s.Label(i))
	return scene.render(s.size, rng), nil
}
