package netplan

import (
	"slices"

	"mnv2/cpu/internal/kernels"
)

// panel is some output channels whose weights lie together, as many as a kernel takes at once.
type panel struct {
	first   int // channel
	vectors int // of channels
	weights int // place in the packed weights
	bias    int
	extra   int // of what is read after the panel: depthwise filters, or rows of the classifier
	next    int // where the next panel's weights begin
}

// widestPanel is the most channels that a panel has.
const widestPanel = 32

func (p panel) columns() int { return p.vectors * kernels.Lanes }

// end is the channel after the panel's last.
func (p panel) end() int { return p.first + p.columns() }

// panels cuts n channels, a multiple of 8, into panels of 16, with one of 24 or 8 where that does not go. Where the kernels
// take 32 channels (widest is 4 vectors) two panels of 16 are one.
func panels(n, widest int) []panel {
	var list []panel
	for at := 0; at < n; {
		vectors := 2
		switch rest := n - at; {
		case rest%16 == 8 && rest >= 24:
			vectors = 3
		case rest == 8:
			vectors = 1
		case rest >= 32:
			vectors = min(widest, 4) &^ 1
		}
		list = append(list, panel{first: at, vectors: vectors})
		at += vectors * kernels.Lanes
	}
	return list
}

// matrix is the packed weights of a convolution from k taps (each of an input channel) to the channels of its panels.
type matrix struct {
	k      int
	panels []panel
}

// newMatrix finds room for a matrix, and for some more weights for each channel, which are read after its panel. All weights
// lie in the order in which a run reads them.
func newMatrix(room *room, k int, panels []panel, extra int) matrix {
	m := matrix{k: k, panels: slices.Clone(panels)}
	for i := range m.panels {
		p := &m.panels[i]
		p.weights = room.take(k * p.columns())
		p.bias = room.take(p.columns())
		p.extra = room.take(extra * p.columns())
		p.next = room.used
	}
	return m
}

// pack writes weight(k, n) and bias(n) of every panel; channels from count on are zero.
func (m *matrix) pack(to []float32, count int, weight func(k, n int) float32, bias func(n int) float32) {
	for _, p := range m.panels {
		for j := range p.columns() {
			n := p.first + j
			if n >= count {
				to[p.bias+j] = 0
				for k := range m.k {
					to[p.weights+k*p.columns()+j] = 0
				}
				continue
			}
			to[p.bias+j] = bias(n)
			for k := range m.k {
				to[p.weights+k*p.columns()+j] = weight(k, n)
			}
		}
	}
}

// packFolded packs a convolution with batch norm folded in. The filter of an output channel has taps numbers, in OIHW order;
// order(k) is the place there of row k.
func (m *matrix) packFolded(to []float32, c *Conv, taps int, order func(k int) int, bias func(n int) float32) {
	weight := func(k, n int) float32 {
		scale, _ := c.fold(n)
		return float32(scale * float64(c.W[n*taps+order(k)]))
	}
	m.pack(to, len(c.Gamma), weight, bias)
}

func (c *Conv) bias(n int) float32 {
	_, bias := c.fold(n)
	return float32(bias)
}

// inOrder is the order of the rows of a 1x1 convolution.
func inOrder(k int) int { return k }

// room hands out places in an arena, each on a cache line.
type room struct{ used int }

const lineFloats = 16 // numbers in a cache line

func (r *room) take(floats int) int {
	at := r.used
	r.used += (floats + lineFloats - 1) / lineFloats * lineFloats
	return at
}
