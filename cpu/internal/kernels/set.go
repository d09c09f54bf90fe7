package kernels

import "fmt"

// Variable names the environment variable that chooses the set, for tests and for hunting faults.
const Variable = "MNV2_CPU"

// Set is the innermost loops for one kind of processor. The forms of Pointwise and Stem are indexed by columns/8: 1, 2, 3, and 4 where
// registers are wide enough.
type Set struct {
	Name      string
	TileRows  [forms]int // rows of a full tile of Pointwise and Stem
	Pointwise [forms]func(*Pointwise)
	Stem      [forms]func(*Stem)
	Depthwise [3]func(*Depthwise) // by stride: 1, 2
	MatVec    func(*MatVec)
	Mean      func(*Mean)

	Accumulate func(*Accumulate)
	Pixels     func(*Pixels)
}

// forms is the length of lists that are indexed by columns/8.
const forms = 5

// Widest is the most columns/8 that the set has a form for.
func (s *Set) Widest() int {
	if s.Pointwise[forms-1] == nil {
		return forms - 2
	}
	return forms - 1
}

// Split cuts rows into tiles for the form with the given vectors of columns (1 to Widest). Where it can, it takes tiles of one
// row less rather than a small tail, whose few accumulators cannot hide the latency of the arithmetic.
func (s *Set) Split(vectors, rows int) Split { return split(s.TileRows[vectors], rows) }

func split(full, rows int) Split {
	tiles := (rows + full - 1) / full
	if less := tiles*full - rows; less <= tiles {
		return Split{Total: rows, Full: tiles - less, Less: less}
	}
	return Split{Total: rows, Full: rows / full, Tail: rows % full}
}

// Sets returns the sets that this machine can run, the best first. Generic is always the last.
func Sets() []*Set { return append(native(), Generic()) }

// Best returns the set that the environment variable names ("generic", "avx2", "avx512"), or the best one if it is empty or "auto".
func Best(getenv func(string) string) (*Set, error) {
	name, sets := getenv(Variable), Sets()
	if name == "" || name == "auto" {
		return sets[0], nil
	}
	names := "auto"
	for _, set := range sets {
		if set.Name == name {
			return set, nil
		}
		names += ", " + set.Name
	}
	return nil, fmt.Errorf("%s=%q: this machine has no such kernel set (want one of %s)", Variable, name, names)
}
