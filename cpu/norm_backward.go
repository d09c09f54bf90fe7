package cpu

import "mnv2/cpu/internal/kernels"

// sumGradients finds the sums of dy and of dy*(x-mean) of a chunk.
func (b *norm) sumGradients(chunk, worker int) {
	block, from, to := b.split.at(chunk)
	part := &b.parts.in(b.work)[chunk]
	*part = moments{}
	image := b.split.blocks * b.plane * vecBytes
	a := &b.args.of(worker).sums
	*a = kernels.GradSums{XImage: image, DYImage: image, Coeffs: &b.coeffs.in(b.work)[block], Clamp: b.clamp, Sums: &part.sums[0][0]}
	b.runs.each(from, to, func(image, images, first, pixels int) {
		a.X, a.DY = &b.pixels(b.x, image, block)[first][0], &b.pixels(b.dy, image, block)[first][0]
		a.Images, a.Pixels = images, pixels
		b.train.GradSums[b.masked](a)
	})
	*a = kernels.GradSums{}
}

// finishGradient gives out the gradients of the parameters of a block and completes the coefficients.
func (b *norm) finishGradient(block, _ int) {
	parts := b.parts.in(b.work)
	sums := parts[block].sums
	for g := 1; g < b.split.groups; g++ {
		for i, s := range &parts[g*b.split.blocks+block].sums {
			for l, v := range s {
				sums[i][l] += v
			}
		}
	}
	c := &b.coeffs.in(b.work)[block]
	for l := range min(lanes, b.op.C-block*lanes) {
		i := block*lanes + l
		inv := float64(b.invStd[i])
		scale := float64(b.gamma[i]) * inv
		b.gradBeta[i] = float32(sums[0][l])
		b.gradGamma[i] = float32(sums[1][l] * inv)
		c.Offset[l] = float32(scale * sums[0][l] / b.count)
		c.Slope[l] = float32(scale * sums[1][l] * inv * inv / b.count)
	}
}

// gradient writes dx.
func (b *norm) gradient(chunk, worker int) {
	block, from, to := b.split.at(chunk)
	a := &b.args.of(worker).gradient
	*a = kernels.NormalizeGrad{Pixels: b.plane, Image: b.split.blocks * b.plane * vecBytes, Coeffs: &b.coeffs.in(b.work)[block], Clamp: b.clamp}
	for n := from; n < to; n += b.runs.images {
		a.Images = min(b.runs.images, to-n)
		a.X, a.DY, a.DX = &b.pixels(b.x, n, block)[0][0], &b.pixels(b.dy, n, block)[0][0], &b.pixels(b.dx, n, block)[0][0]
		b.train.NormalizeGrad[b.masked](a)
	}
	*a = kernels.NormalizeGrad{}
}
