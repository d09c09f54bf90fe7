package report

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"slices"
)

// picturesKept is how many pictures of each kind the findings hold.
const picturesKept = 12

// Findings are what one validation showed, class by class and picture by picture.
type Findings struct {
	Epoch     int       `json:"epoch"`
	Images    int       `json:"images"`
	Classes   int       `json:"classes"`
	Confusion []Cell    `json:"confusion"` // what is not zero
	Worst     []Finding `json:"worst"`     // wrong with the most confidence
	Doubtful  []Finding `json:"doubtful"`  // first and second choice closest together
}

// Cell counts pictures of one class that were taken for a class (the same one, if right).
type Cell struct {
	Label int `json:"label"`
	Taken int `json:"taken"`
	Count int `json:"count"`
}

// Finding is a picture and what the network made of it.
type Finding struct {
	Name   string  `json:"name"`
	Label  int     `json:"label"`
	First  int     `json:"first"` // the network's choice
	Second int     `json:"second"`
	Prob   float64 `json:"prob"`    // of the first choice
	Prob2  float64 `json:"prob2"`   // of the second
	OfTrue float64 `json:"of_true"` // of the label
	JPEG   []byte  `json:"jpeg"`
}

// Collector gathers Findings while a validation runs.
type Collector struct {
	size, channels  int
	name            func(index int) string
	found           Findings
	counts          map[[2]int]int
	worst, doubtful shortlist
}

// NewCollector returns a collector for pictures of size x size bytes in so many channels; name tells where a sample comes from.
func NewCollector(classes, size, channels int, name func(index int) string) *Collector {
	c := &Collector{size: size, channels: channels, name: name, found: Findings{Classes: classes}}
	c.Reset(0)
	return c
}

// Reset forgets everything, before the validation of an epoch.
func (c *Collector) Reset(epoch int) {
	c.found = Findings{Epoch: epoch, Classes: c.found.Classes}
	c.counts = map[[2]int]int{}
	c.worst, c.doubtful = shortlist{}, shortlist{}
}

// Add takes one picture: its number in the data set, its bytes (height, width, channel), its label and its row of scores.
func (c *Collector) Add(index int, picture []byte, label int, scores []float32) {
	if label < 0 || label >= len(scores) || len(scores) < 2 {
		return
	}
	f := judge(scores, label)
	c.found.Images++
	c.counts[[2]int{label, f.First}]++
	if f.First != label {
		c.worst.offer(f.Prob-f.OfTrue, f, func() []byte { return c.jpeg(picture) }, func() string { return c.name(index) })
	}
	c.doubtful.offer(f.Prob2-f.Prob, f, func() []byte { return c.jpeg(picture) }, func() string { return c.name(index) })
}

// Findings returns what was gathered since Reset.
func (c *Collector) Findings() Findings {
	f := c.found
	for key, count := range c.counts {
		f.Confusion = append(f.Confusion, Cell{key[0], key[1], count})
	}
	slices.SortFunc(f.Confusion, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Taken, b.Taken))
	})
	f.Worst, f.Doubtful = c.worst.list, c.doubtful.list
	return f
}

func (c *Collector) jpeg(picture []byte) []byte { return Thumbnail(picture, c.size, c.channels) }

// Save writes findings.json to dir.
func (f Findings) Save(dir string) error { return saveJSON(filepath.Join(dir, findingsName), f) }

// readFindings reads findings.json; a run that was never validated has none.
func readFindings(dir string) (Findings, error) {
	var f Findings
	path := filepath.Join(dir, findingsName)
	if err := readOptional(path, &f); err != nil {
		return f, err
	}
	if err := f.check(); err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// mostClasses is the largest number of classes that a file may claim.
const mostClasses = 1 << 20

// check returns nil if every class that is named exists.
func (f Findings) check() error {
	if f.Classes < 0 || f.Classes > mostClasses {
		return fmt.Errorf("%d classes: want 0 to %d", f.Classes, mostClasses)
	}
	known := func(classes ...int) bool {
		return !slices.ContainsFunc(classes, func(c int) bool { return c < 0 || c >= f.Classes })
	}
	for _, c := range f.Confusion {
		if !known(c.Label, c.Taken) || c.Count <= 0 {
			return fmt.Errorf("confusion %+v: there are %d classes", c, f.Classes)
		}
	}
	for _, p := range slices.Concat(f.Worst, f.Doubtful) {
		if !known(p.Label, p.First, p.Second) {
			return fmt.Errorf("picture %q: there are %d classes", p.Name, f.Classes)
		}
	}
	return nil
}

// judge turns scores into choices with their probabilities, softmax in float64.
func judge(scores []float32, label int) Finding {
	f := Finding{Label: label, First: 0, Second: 1}
	if scores[1] > scores[0] {
		f.First, f.Second = 1, 0
	}
	for i := 2; i < len(scores); i++ {
		switch {
		case scores[i] > scores[f.First]:
			f.First, f.Second = i, f.First
		case scores[i] > scores[f.Second]:
			f.Second = i
		}
	}
	top, sum := float64(scores[f.First]), 0.0
	for _, s := range scores {
		sum += math.Exp(float64(s) - top)
	}
	prob := func(i int) float64 { return math.Exp(float64(scores[i])-top) / sum }
	f.Prob, f.Prob2, f.OfTrue = prob(f.First), prob(f.Second), prob(label)
	return f
}

// shortlist keeps the findings of the highest weight, highest first.
type shortlist struct {
	list    []Finding
	weights []float64
}

// offer takes a finding in if it belongs among those that are kept; picture and name are only asked for then.
func (s *shortlist) offer(weight float64, f Finding, picture func() []byte, name func() string) {
	if math.IsNaN(weight) || len(s.list) == picturesKept && weight <= s.weights[picturesKept-1] {
		return
	}
	f.JPEG, f.Name = picture(), name()
	at, _ := slices.BinarySearchFunc(s.weights, weight, func(have, want float64) int { return cmp.Compare(want, have) })
	s.list, s.weights = slices.Insert(s.list, at, f), slices.Insert(s.weights, at, weight)
	if len(s.list) > picturesKept {
		s.list, s.weights = s.list[:picturesKept], s.weights[:picturesKept]
	}
}
