package netplan

import "mnv2/cpu/internal/kernels"

// finishOne computes the logits of a plan with one image from the last block's output, run.in.
func (h *head) finishOne(p *Plan) {
	p.pool.Run(h.parts, p.tasks.part)
	r := &p.run
	sum := r.scratch[h.logits : h.logits+h.columns()]
	a := &p.workers[0].accumulate
	a.Y, a.Count = &sum[0], h.columns()/kernels.Lanes
	for i := 1; i < h.parts; i++ {
		a.X = &r.scratch[h.logits+i*h.columns()]
		p.set.Accumulate(a)
	}
	copy(r.y[:h.net.Classes], sum)
	clear(r.y[h.net.Classes:h.outputs])
}

// partTask computes what some panels of the last convolution give to the logits; the first part adds the bias.
func (p *Plan) partTask(chunk, worker int) {
	h, w, r := &p.head, &p.workers[worker], &p.run
	logits := r.scratch[h.logits+chunk*h.columns() : h.logits+(chunk+1)*h.columns()]
	clear(logits)
	if chunk == 0 {
		copy(logits, r.weights[h.bias:h.bias+h.columns()])
	}
	pooled := h.pooled + worker*widestPanel
	for i := chunk * len(h.last.panels) / h.parts; i < (chunk+1)*len(h.last.panels)/h.parts; i++ {
		m := &h.last.panels[i]
		h.pool(p, w, m, r.in, pooled, kernels.Lanes)
		a := &w.matVec
		a.X, a.K, a.W, a.Y, a.Groups = &r.scratch[pooled], m.columns(), &r.weights[m.extra], &logits[0], h.groups
		p.set.MatVec(a)
	}
}

// lastChunks is how many pieces the last convolution of one of several images is cut into when threads share it.
func (h *head) lastChunks(threads int) int { return min(len(h.last.panels), 4*threads) }

// lastTask computes some panels of the last convolution of one of several images, which threads share.
func (p *Plan) lastTask(chunk, worker int) {
	panels, chunks := len(p.head.last.panels), p.head.lastChunks(p.pool.Threads())
	p.head.poolPanels(p, &p.workers[worker], chunk*panels/chunks, (chunk+1)*panels/chunks, p.run.in, p.run.image)
}

// poolPanels leaves the pooled features of one of several images as a row of the classifier's matrix.
func (h *head) poolPanels(p *Plan, w *worker, first, end int, x []float32, image int) {
	for i := first; i < end; i++ {
		m := &h.last.panels[i]
		h.pool(p, w, m, x, h.pooled+m.first*h.net.N+image*kernels.Lanes, h.net.N*kernels.Lanes)
	}
}

// finishAll computes the logits of a plan with several images from the pooled features of all.
func (h *head) finishAll(p *Plan) {
	p.pool.Run(len(h.classifier.panels), p.tasks.classify)
	for n := range h.net.N {
		y := p.run.y[n*h.outputs : (n+1)*h.outputs]
		for at := 0; at < h.outputs; at += kernels.Lanes {
			from := h.logits + at*h.net.N + n*kernels.Lanes
			copy(y[at:at+kernels.Lanes], p.run.scratch[from:from+kernels.Lanes])
		}
		clear(y[h.net.Classes:])
	}
}

// classifyTask computes one panel of the logits of several images, as [outputs/8][N][8].
func (p *Plan) classifyTask(chunk, worker int) {
	h, r := &p.head, &p.run
	m := &h.classifier.panels[chunk]
	plane := 4 * kernels.Lanes * h.net.N
	a := &p.workers[worker].pointwise
	a.X, a.XBlock, a.Blocks = &r.scratch[h.pooled], plane, h.net.Last/kernels.Lanes
	p.usePanel(a, m)
	a.Y, a.YBlock, a.Add = &r.scratch[h.logits+m.first*h.net.N], plane, nil
	a.Rows, a.Clamp = p.set.Split(m.vectors, h.net.N), linear
	p.set.Pointwise[m.vectors](a)
}
