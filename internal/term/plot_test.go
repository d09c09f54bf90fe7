package term

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPlot(t *testing.T) {
	for _, c := range []struct {
		name          string
		values        []float64
		width, height int
		want          []string
	}{
		{"rising", []float64{0, 1, 2, 3, 4, 5, 6, 7}, 4, 2, []string{"⠀⠀⡠⠊", "⡠⠊⠀⠀"}},
		{"a step holds together", []float64{1, 0}, 1, 1, []string{"⢱"}},
		{"flat", []float64{3, 3}, 2, 1, []string{"⠤⠤"}},
		{"gap", []float64{1, math.NaN(), math.Inf(1), 1}, 2, 1, []string{"⠄⠠"}},
		{"none", nil, 3, 3, nil},
		{"no room", []float64{1}, 0, 3, nil},
		{"nothing finite", []float64{math.NaN()}, 1, 1, []string{"⠀"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, strings.Join(c.want, "\n"), strings.Join(Plot(c.values, c.width, c.height), "\n"))
		})
	}
}

func TestPlotAveragesAndSpreads(t *testing.T) {
	many := make([]float64, 1000)
	for i := range many {
		many[i] = float64(i)
	}
	assert.Equal(t, Plot([]float64{0, 1, 2, 3, 4, 5, 6, 7}, 4, 2), Plot(many, 4, 2))
	lines := Plot([]float64{1, 2}, 40, 5)
	assert.Len(t, lines, 5)
	for _, l := range lines {
		assert.Equal(t, 40, len([]rune(l)))
	}
}
