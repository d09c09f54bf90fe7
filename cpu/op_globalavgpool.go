package cpu

import "mnv2/backend"

// globalAvgPool is y = sum over h,w of x / (H*W), summed in float64, and its gradient dx = dy / (H*W).
type globalAvgPool struct {
	*env
	plane int
	split imageSplit
	task  func(chunk, worker int)
}

func newGlobalAvgPool(o backend.GlobalAvgPool, e *env) (program, string) {
	g := &globalAvgPool{env: e, plane: o.H * o.W, split: splitImages(o.N, blocks(o.C))}
	g.task = g.forward
	if o.Pass == backend.Backward {
		g.task = g.backward
	}
	return g, needBlocks(o.In())
}

func (g *globalAvgPool) workspace() int64 { return 0 }

func (g *globalAvgPool) run() error {
	g.parallel(g.split.chunks(), g.task)
	return nil
}

func (g *globalAvgPool) forward(chunk, _ int) {
	x, y := g.vecs(0), g.vecs(1)
	block, from, to := g.split.at(chunk)
	if g.plane == 1 {
		g.copyPixels(y, x, block, from, to)
		return
	}
	for n := from; n < to; n++ {
		i := n*g.split.blocks + block
		var sum [lanes]float64
		for _, v := range x[i*g.plane : (i+1)*g.plane] {
			for l := range sum {
				sum[l] += float64(v[l])
			}
		}
		for l := range sum {
			y[i][l] = float32(sum[l] / float64(g.plane))
		}
	}
}

func (g *globalAvgPool) backward(chunk, _ int) {
	dy, dx := g.vecs(0), g.vecs(1)
	block, from, to := g.split.at(chunk)
	if g.plane == 1 {
		g.copyPixels(dx, dy, block, from, to)
		return
	}
	for n := from; n < to; n++ {
		i := n*g.split.blocks + block
		v := dy[i]
		for l := range v {
			v[l] /= float32(g.plane)
		}
		pixels := dx[i*g.plane : (i+1)*g.plane]
		for p := range pixels {
			pixels[p] = v
		}
	}
}

// copyPixels is both passes where a plane is a pixel.
func (g *globalAvgPool) copyPixels(to, from []vec, block, first, end int) {
	for n := first; n < end; n++ {
		to[n*g.split.blocks+block] = from[n*g.split.blocks+block]
	}
}
