package shapes

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestALinearClassifierFails trains softmax regression on the pixels: the set must ask for more than templates and colours.
func TestALinearClassifierFails(t *testing.T) {
	const size, classes, epochs = 16, 10, 4
	train, err := New("train", Options{Size: size, Train: 3000})
	require.NoError(t, err)
	val, err := New("val", Options{Size: size, Val: 500})
	require.NoError(t, err)
	var w [classes][]float64
	for k := range w {
		w[k] = make([]float64, 3*size*size+1)
	}
	for range epochs {
		for i := range train.Len() {
			x := features(t, train, i)
			p := softmax(w[:], x)
			p[train.Label(i)]--
			for k := range w {
				for j, v := range x {
					w[k][j] -= 0.002 * p[k] * v
				}
			}
		}
	}
	right := 0
	for i := range val.Len() {
		p := softmax(w[:], features(t, val, i))
		best := 0
		for k := range p {
			if p[k] > p[best] {
				best = k
			}
		}
		if best == val.Label(i) {
			right++
		}
	}
	accuracy := float64(right) / float64(val.Len())
	t.Logf("a linear classifier reaches %.1f %%", 100*accuracy)
	require.Less(t, accuracy, 0.6)
	require.Greater(t, accuracy, 0.15, "the classifier itself must work for this test to mean anything")
}

// features are the pixels from -1 to 1, and a 1 for the bias.
func features(t *testing.T, set *Set, i int) []float64 {
	img, err := set.Load(i)
	require.NoError(t, err)
	x := make([]float64, 0, len(img.Pix)+1)
	for _, v := range img.Pix {
		x = append(x, float64(v)/127.5-1)
	}
	return append(x, 1)
}

func softmax(w [][]float64, x []float64) []float64 {
	p, sum := make([]float64, len(w)), 0.0
	for k := range w {
		for j, v := range x {
			p[k] += w[k][j] * v
		}
		p[k] = math.Exp(p[k])
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}
