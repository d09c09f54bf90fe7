package data

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
)

// listed is a set of names and labels without pictures.
type listed struct {
	names  []string
	labels []int
}

func (l listed) Len() int                        { return len(l.names) }
func (l listed) Classes() []string               { return []string{"a", "b", "c"} }
func (l listed) Label(i int) int                 { return l.labels[i] }
func (l listed) Name(i int) string               { return l.names[i] }
func (l listed) Load(i int) (pixel.Image, error) { return pixel.Image{}, nil }
func (l *listed) put(dir string, label, n int)   { l.from(dir, label, 0, n) }
func (l *listed) from(dir string, label, m, n int) {
	for i := m; i < n; i++ {
		l.names, l.labels = append(l.names, fmt.Sprintf("%s/%c/IMG_%04d.jpg", dir, 'a'+label, i)), append(l.labels, label)
	}
}

// namesOf lists a part of a set.
func namesOf(set Dataset) map[string]bool {
	names := map[string]bool{}
	for i := range set.Len() {
		names[set.Name(i)] = true
	}
	return names
}

func TestSplitTakesAShareOfEachClass(t *testing.T) {
	var l listed
	l.put("x", 0, 100)
	l.put("x", 1, 3)
	l.put("x", 2, 1)
	train, val, err := NewSplit(l, 0.2)
	require.NoError(t, err)
	counts := func(set Dataset) (n [3]int) {
		for i := range set.Len() {
			n[set.Label(i)]++
		}
		return n
	}
	assert.Equal(t, [3]int{80, 2, 1}, counts(train))
	assert.Equal(t, [3]int{20, 1, 0}, counts(val))
	both := namesOf(train)
	for name := range namesOf(val) {
		assert.False(t, both[name], "%s is in both", name)
		both[name] = true
	}
	assert.Len(t, both, l.Len(), "nothing is lost")
	assert.Equal(t, l.Classes(), val.Classes())
	assert.NoError(t, CompareClasses(train, val))
}

func TestSplitStaysWhenFolderMovesOrGrows(t *testing.T) {
	var here, there, grown listed
	here.put("x", 0, 50)
	there.put("some/where/else", 0, 50)
	grown.put("x", 0, 51)
	_, a, err := NewSplit(here, 0.3)
	require.NoError(t, err)
	_, b, err := NewSplit(there, 0.3)
	require.NoError(t, err)
	require.Equal(t, a.Len(), b.Len())
	for i := range a.Len() {
		assert.Equal(t, a.indices[i], b.indices[i])
	}
	_, c, err := NewSplit(grown, 0.3)
	require.NoError(t, err)
	moved := 0
	for name := range namesOf(a) {
		if !namesOf(c)[name] {
			moved++
		}
	}
	assert.LessOrEqual(t, moved, 1)
}

func TestSplitRefuses(t *testing.T) {
	var l listed
	l.put("x", 0, 1)
	l.put("x", 1, 1)
	for _, share := range []float64{0, 1, -1, 2} {
		_, _, err := NewSplit(l, share)
		assert.ErrorContains(t, err, "val_share")
	}
	_, _, err := NewSplit(l, 0.5)
	assert.ErrorContains(t, err, "no class has two pictures")
}

// The lots must not follow the numbers in the names: cameras count up, and neighbours look alike.
func TestSplitMixesNumberedFiles(t *testing.T) {
	var l listed
	l.put("x", 0, 1000)
	_, val, err := NewSplit(l, 0.2)
	require.NoError(t, err)
	for part := range 10 {
		n := 0
		for _, i := range val.indices {
			if i/100 == part {
				n++
			}
		}
		assert.InDelta(t, 20, n, 14, "part %d: 3.5 standard deviations of a binomial draw", part) // sqrt(100*0.2*0.8) = 4
	}
}
