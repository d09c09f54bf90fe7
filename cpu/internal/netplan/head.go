package netplan

import "mnv2/cpu/internal/kernels"

// head is the last convolution with pooling, and the classifier. Pooled features lie as [Last/8][N][8]: images are the rows
// of the classifier's matrix product.
type head struct {
	net        Net
	in         picture
	last       matrix
	classifier matrix // in panels for kernels.MatVec if there is one image, else as for a convolution
	outputs    int    // classes rounded up to whole vectors
	pooled     int    // places in scratch
	logits     int
}

func newHead(weights *room, in picture, net Net) head {
	h := head{net: net, in: in, last: newMatrix(weights, in.c, panels(net.Last), false)}
	h.outputs = (net.Classes + kernels.Lanes - 1) / kernels.Lanes * kernels.Lanes
	if net.N > 1 {
		h.classifier = newMatrix(weights, net.Last, panels(h.outputs), false)
		return h
	}
	for at := 0; at < net.Classes; at += kernels.MatVecColumns {
		h.classifier.panels = append(h.classifier.panels, panel{first: at, vectors: kernels.MatVecColumns / kernels.Lanes})
	}
	h.classifier = newMatrix(weights, net.Last, h.classifier.panels, false)
	return h
}

func (h *head) layOut(scratch *room) {
	h.pooled = scratch.take(h.net.N * h.net.Last)
	h.logits = scratch.take(h.net.N * (h.outputs + kernels.MatVecColumns))
}

// panelFloats is the room for one panel of the last convolution's output.
func (h *head) panelFloats() int { return 3 * h.in.plane() }

func (h *head) packClassifier(weights []float32, params *Params) {
	weight := func(k, n int) float32 { return params.DenseW[n*h.net.Last+k] }
	h.classifier.pack(weights, h.net.Classes, weight, func(n int) float32 { return params.DenseB[n] })
}

// pool computes one panel of the last convolution and its mean over the picture x.
func (h *head) pool(p *Plan, w *worker, i int, x []float32, image int) {
	m := &h.last.panels[i]
	a := &w.pointwise
	a.X, a.XBlock, a.Blocks = &x[0], 4*h.in.plane(), h.in.c/kernels.Lanes
	p.usePanel(a, m)
	a.Y, a.YBlock, a.Add = &p.run.scratch[w.ring], 4*h.in.plane(), nil
	a.Rows, a.Clamp = p.set.Split(m.vectors, h.in.pixels()), relu6
	p.set.Pointwise[m.vectors](a)
	w.mean.Count, w.mean.Scale = h.in.pixels(), float32(1/float64(h.in.pixels()))
	for v := range m.vectors {
		w.mean.X = &p.run.scratch[w.ring+v*h.in.plane()]
		w.mean.Y = &p.run.scratch[h.pooled+((m.first/kernels.Lanes+v)*h.net.N+image)*kernels.Lanes]
		p.set.Mean(&w.mean)
	}
}

// chunks is how many pieces the classifier is cut into.
func (h *head) chunks() int { return len(h.classifier.panels) }

// lastChunks is how many pieces the last convolution is cut into when threads share it: enough that they end at about the
// same time, few enough that each reads weights that lie together.
func (h *head) lastChunks(threads int) int {
	if threads == 1 {
		return 1
	}
	return min(len(h.last.panels), 4*threads)
}

// classifyTask computes one panel of the logits, of all images.
func (p *Plan) classifyTask(chunk, worker int) {
	h, w, r := &p.head, &p.workers[worker], &p.run
	m := &h.classifier.panels[chunk]
	to := &r.scratch[h.logits+m.first*h.net.N]
	if h.net.N == 1 {
		a := &w.matVec
		a.X, a.K, a.W, a.Bias, a.Y = &r.scratch[h.pooled], h.net.Last, &r.weights[m.weights], &r.weights[m.bias], to
		p.set.MatVec(a)
		return
	}
	plane := 4 * kernels.Lanes * h.net.N
	a := &w.pointwise
	a.X, a.XBlock, a.Blocks = &r.scratch[h.pooled], plane, h.net.Last/kernels.Lanes
	p.usePanel(a, m)
	a.Y, a.YBlock, a.Add = to, plane, nil
	a.Rows, a.Clamp = p.set.Split(m.vectors, h.net.N), linear
	p.set.Pointwise[m.vectors](a)
}

// writeLogits brings the logits, which lie as [outputs/8][N][8], into y, [N][outputs], with zeros after the last class.
func (h *head) writeLogits(p *Plan) {
	for n := range h.net.N {
		y := p.run.y[n*h.outputs : (n+1)*h.outputs]
		for at := 0; at < h.outputs; at += kernels.Lanes {
			from := h.logits + at*h.net.N + n*kernels.Lanes
			copy(y[at:at+kernels.Lanes], p.run.scratch[from:from+kernels.Lanes])
		}
		clear(y[h.net.Classes:])
	}
}
