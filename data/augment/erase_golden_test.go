package augment

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/internal/golden"
)

// erasingCase is a picture that MindSpore's RandomErasing worked on, with the numbers that it drew: see make_erasing.py.
type erasingCase struct {
	Prob          float64
	Scale, Ratio  [2]float64
	MaxAttempts   int `json:"max_attempts"`
	Width, Height int
	Value         json.RawMessage // three numbers, or a word for noise
	Unit          []float64
	Place         [][2]int // the number, and of how many
	Noise         []float64
	Box           []int       // x, y, width, height; none if nothing changed
	Inside        [][]float64 // the pixels of the box, normalised, or one for all
}

// replay are the random numbers that another program drew.
type replay struct {
	t *testing.T
	c *erasingCase
}

func take[T any](t *testing.T, list *[]T) T {
	require.NotEmpty(t, *list, "more is drawn than MindSpore drew")
	first := (*list)[0]
	*list = (*list)[1:]
	return first
}

func (r replay) Float64() float64     { return take(r.t, &r.c.Unit) }
func (r replay) NormFloat64() float64 { return take(r.t, &r.c.Noise) }
func (r replay) IntN(n int) int {
	place := take(r.t, &r.c.Place)
	require.Equal(r.t, place[1], n)
	return place[0]
}

func (c *erasingCase) erasing(t *testing.T) Erasing {
	e := Erasing{Prob: c.Prob, Scale: c.Scale, Ratio: c.Ratio, Attempts: c.MaxAttempts,
		Mean: [3]float64{123.675, 116.28, 103.53}, Std: [3]float64{58.395, 57.12, 57.375}}
	if json.Unmarshal(c.Value, &e.Value) != nil {
		e.Mode = ErasePixels
	}
	require.NoError(t, e.Check())
	return e
}

// inside is what MindSpore wrote at a place, on the network's side of normalisation; ok is false outside the rectangle.
func (c *erasingCase) inside(x, y, channel int) (want float64, ok bool) {
	if len(c.Box) == 0 || x < c.Box[0] || y < c.Box[1] || x >= c.Box[0]+c.Box[2] || y >= c.Box[1]+c.Box[3] {
		return 0, false
	}
	at := 0
	if len(c.Inside) > 1 {
		at = (y-c.Box[1])*c.Box[2] + x - c.Box[0]
	}
	return c.Inside[at][channel], true
}

// With MindSpore's draws the rectangles are MindSpore's, and so is what is written, to half a level of a byte and within what a byte can say.
func TestErasingEqualsMindSpore(t *testing.T) {
	text, err := os.ReadFile(golden.Path(t, "erasing.json"))
	require.NoError(t, err)
	var cases []erasingCase
	require.NoError(t, json.Unmarshal(text, &cases))
	require.Greater(t, len(cases), 100)
	source := golden.Images("erasing", 1, 24)
	for number, c := range cases {
		before, m := pixel.New(c.Width, c.Height, 3), pixel.New(c.Width, c.Height, 3)
		for y := range c.Height {
			copy(before.Row(y), source[y*24*3:])
			copy(m.Row(y), before.Row(y))
		}
		e := c.erasing(t)
		e.apply(m, replay{t, &c})
		require.Empty(t, c.Unit, "case %d: less is drawn than MindSpore drew", number)
		require.Empty(t, c.Place, "case %d", number)
		require.Empty(t, c.Noise, "case %d", number)
		for i, got := range m.Pix {
			x, y, channel := i/3%c.Width, i/3/c.Width, i%3
			want, ok := c.inside(x, y, channel)
			if !ok {
				require.Equal(t, before.Pix[i], got, "case %d: %d,%d is outside the rectangle", number, x, y)
				continue
			}
			level := max(0, min(255, e.Mean[channel]+want*e.Std[channel]))
			assert.InDelta(t, level, float64(got), 0.5+1e-9, "case %d: %d,%d,%d", number, x, y, channel)
		}
	}
}
