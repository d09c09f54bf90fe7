package netplan

import "mnv2/cpu/internal/kernels"

// head is the last convolution with pooling, and the classifier.
//
// For one image the two run together: as soon as a panel of the last convolution is pooled, its features are multiplied with
// their rows of the classifier, and while the next panel is computed the rows after those come from memory. The classifier
// alone would wait for 5 MB of weights, which are used once. Some panels are a part, with its own sums of the logits; the
// parts are as many for any number of threads, and are added in order.
//
// Several images are the rows of a matrix product, with the pooled features as [Last/8][N][8].
type head struct {
	net     Net
	in      picture
	outputs int // classes rounded up to whole vectors
	last    matrix

	// One image.
	parts  int // at most headParts
	groups int // of kernels.MatVecColumns outputs
	bias   int // place of the biases, [groups][64]

	// Several images.
	classifier matrix

	pooled, logits int // places in scratch
}

// headParts is how many parts one image's head has. More could be shared among more threads, and cost more to add up.
const headParts = 8

func newHead(weights *room, in picture, net Net, widest int) head {
	h := head{net: net, in: in}
	h.outputs = (net.Classes + kernels.Lanes - 1) / kernels.Lanes * kernels.Lanes
	if net.N > 1 {
		h.last = newMatrix(weights, in.c, panels(net.Last, widest), 0)
		h.classifier = newMatrix(weights, net.Last, panels(h.outputs, widest), 0)
		return h
	}
	h.groups = (net.Classes + kernels.MatVecColumns - 1) / kernels.MatVecColumns
	h.last = newMatrix(weights, in.c, panels(net.Last, widest), h.columns())
	h.bias = weights.take(h.columns())
	h.parts = min(headParts, len(h.last.panels))
	return h
}

// columns is how many logits one image's classifier computes.
func (h *head) columns() int { return h.groups * kernels.MatVecColumns }

func (h *head) layOut(scratch *room, threads int) {
	if h.net.N == 1 {
		h.pooled = scratch.take(threads * widestPanel) // of one panel for each thread
		h.logits = scratch.take(h.parts * h.columns())
		return
	}
	h.pooled = scratch.take(h.net.N * h.net.Last)
	h.logits = scratch.take(h.net.N * h.outputs)
}

// panelFloats is the room for one panel of the last convolution's output.
func (h *head) panelFloats() int { return widestPanel * h.in.pixels() }

func (h *head) pack(weights []float32, last *Conv, params *Params) {
	h.last.packFolded(weights, last, h.last.k, inOrder, last.bias)
	weight := func(k, n int) float32 { return params.DenseW[n*h.net.Last+k] }
	if h.net.N > 1 {
		h.classifier.pack(weights, h.net.Classes, weight, func(n int) float32 { return params.DenseB[n] })
		return
	}
	clear(weights[h.bias : h.bias+h.columns()])
	copy(weights[h.bias:], params.DenseB)
	for _, p := range h.last.panels {
		rows := weights[p.extra : p.extra+p.columns()*h.columns()]
		for k := range p.columns() {
			for n := range h.columns() {
				at := (n/kernels.MatVecColumns*p.columns()+k)*kernels.MatVecColumns + n%kernels.MatVecColumns
				rows[at] = 0
				if n < h.net.Classes {
					rows[at] = weight(p.first+k, n)
				}
			}
		}
	}
}

// pool computes one panel of the last convolution of the picture x, and its mean: channel block b of the panel to place
// to + b*step in scratch.
func (h *head) pool(p *Plan, w *worker, m *panel, x []float32, to, step int) {
	a := &w.pointwise
	a.X, a.XBlock, a.Blocks = &x[0], 4*h.in.plane(), h.in.c/kernels.Lanes
	p.usePanel(a, m)
	a.Y, a.YBlock, a.Add = &p.run.scratch[w.ring], 4*h.in.plane(), nil
	a.Rows, a.Clamp = p.set.Split(m.vectors, h.in.pixels()), relu6
	p.set.Pointwise[m.vectors](a)
	w.mean.Count, w.mean.Scale = h.in.pixels(), float32(1/float64(h.in.pixels()))
	for v := range m.vectors {
		w.mean.X, w.mean.Y = &p.run.scratch[w.ring+v*h.in.plane()], &p.run.scratch[to+v*step]
		p.set.Mean(&w.mean)
	}
}
