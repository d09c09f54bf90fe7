package cpu

import "mnv2/backend"

// biasGradient is db = sum over images and pixels of dy, in float64. A chunk is a block of channels.
type biasGradient struct {
	*env
	grid     grid
	channels int
	task     func(chunk, worker int)
}

// newBiasGradient returns nil if there is none.
func newBiasGradient(o backend.Conv2D, e *env) *biasGradient {
	if !o.Bias {
		return nil
	}
	b := &biasGradient{env: e, grid: newGrid(o.N, o.P()*o.Q(), blocks(o.K)), channels: o.K}
	b.task = b.sum
	return b
}

func (b *biasGradient) run() {
	if b != nil {
		b.parallel(blocks(b.channels), b.task)
	}
}

func (b *biasGradient) sum(block, _ int) {
	dy, db := b.vecs(1), b.f32(3)
	var total [lanes]float64
	for image := range b.grid.images {
		pixels := dy[image*b.grid.image+block*b.grid.block:]
		for i := range b.grid.pixels {
			for l, v := range pixels[i*b.grid.pixel] {
				total[l] += float64(v)
			}
		}
	}
	for l := range min(lanes, b.channels-block*lanes) {
		db[block*lanes+l] = float32(total[l])
	}
}
