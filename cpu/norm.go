package cpu

import (
	"math"

	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// norm is the loops of batch norm, for the operation and for fused ones; the formulas are in [backend.BatchNorm]. A chunk is
// one block of eight channels over a range of images.
//
// Forward takes mean and squared deviations of runs of about runPixels pixels, which stay in the first-level cache between
// the two, and merges them in float64 as differences from a pivot, the first value of the chunk, so that a mean far from zero
// costs no accuracy. Chunks are merged as Chan, Golub and LeVeque do (1979).
type norm struct {
	*env
	normTensors
	op     backend.BatchNorm
	plane  int
	split  imageSplit
	runs   runs
	count  float64 // values of a channel
	clamp  kernels.Clamp
	masked int // 1 if gradients pass only where the output is not clamped
	parts  section[moments]
	coeffs section[kernels.NormCoeffs]
	args   own[normArgs]

	measureStep, normaliseStep, sumStep, gradientStep, finishStep, finishGradStep func(chunk, worker int)
}

// normTensors is what a pass works on. It is filled for a Run and empty between two.
type normTensors struct {
	x, y, dy, dx        []vec
	gamma, beta         []float32
	runMean, runVar     []float32
	mean, invStd        []float32
	gradGamma, gradBeta []float32
}

// normArgs are the arguments of the kernels that a worker calls.
type normArgs struct {
	moments   kernels.Moments
	sums      kernels.GradSums
	normalize kernels.Normalize
	gradient  kernels.NormalizeGrad
}

// runPixels is about how many pixels are summed in float32.
const runPixels = 64

func newNorm(o backend.BatchNorm, e *env, l *layout) *norm {
	return newNormParts(o, splitImages(o.N, blocks(o.C)), e, l)
}

// newNormParts is newNorm where sums come in the parts of a given split.
func newNormParts(o backend.BatchNorm, split imageSplit, e *env, l *layout) *norm {
	b := &norm{env: e, op: o, plane: o.H * o.W, split: split, runs: newRuns(o.H*o.W, runPixels),
		count: float64(o.N * o.H * o.W), clamp: unclamped, args: newOwn[normArgs](e)}
	b.coeffs = region[kernels.NormCoeffs](l, b.split.blocks)
	if o.Pass != backend.Infer {
		b.parts = region[moments](l, b.split.chunks())
	}
	b.measureStep, b.normaliseStep, b.finishStep = b.measure, b.normalise, b.finish
	b.sumStep, b.gradientStep, b.finishGradStep = b.sumGradients, b.gradient, b.finishGradient
	return b
}

// forward is training's forward pass.
func (b *norm) forward() {
	b.parallel(b.split.chunks(), b.measureStep)
	b.parallel(b.split.blocks, b.finishStep)
	b.parallel(b.split.chunks(), b.normaliseStep)
}

// infer uses the moving statistics.
func (b *norm) infer() {
	for block := range b.split.blocks {
		variance := load8(b.runVar, block)
		var invStd vec
		for l, v := range variance {
			invStd[l] = float32(1 / math.Sqrt(float64(v)+float64(b.op.Eps)))
		}
		b.coeffs.in(b.work)[block] = forwardCoeffs(load8(b.runMean, block), invStd, load8(b.gamma, block), load8(b.beta, block))
	}
	b.parallel(b.split.chunks(), b.normaliseStep)
}

func (b *norm) backward() {
	b.recallCoeffs()
	b.parallel(b.split.chunks(), b.sumStep)
	b.parallel(b.split.blocks, b.finishGradStep)
	b.parallel(b.split.chunks(), b.gradientStep)
}

// recallCoeffs makes the coefficients of the forward pass from the statistics that it kept.
func (b *norm) recallCoeffs() {
	for block := range b.split.blocks {
		b.recall(block)
	}
}

// recall is recallCoeffs for a channel block.
func (b *norm) recall(block int) {
	b.coeffs.in(b.work)[block] = forwardCoeffs(load8(b.mean, block), load8(b.invStd, block), load8(b.gamma, block), load8(b.beta, block))
}

func forwardCoeffs(mean, invStd, gamma, beta vec) kernels.NormCoeffs {
	c := kernels.NormCoeffs{Mean: mean, Shift: beta}
	for l := range gamma {
		c.Scale[l] = gamma[l] * invStd[l]
	}
	return c
}

// pixels returns the plane of a channel block of an image within x.
func (b *norm) pixels(x []vec, n, block int) []vec {
	i := (n*b.split.blocks + block) * b.plane
	return x[i : i+b.plane]
}

// measure finds the moments of a chunk.
func (b *norm) measure(chunk, worker int) {
	block, from, to := b.split.at(chunk)
	part := &b.parts.in(b.work)[chunk]
	*part = moments{count: float64((to - from) * b.plane)}
	for l, v := range b.pixels(b.x, from, block)[0] {
		part.pivot[l] = float64(v)
	}
	a := &b.args.of(worker).moments
	*a = kernels.Moments{XImage: b.split.blocks * b.plane * vecBytes, Pivot: &part.pivot[0], Sums: &part.sums[0][0]}
	b.runs.each(from, to, func(image, images, first, pixels int) {
		a.X, a.Images, a.Pixels = &b.pixels(b.x, image, block)[first][0], images, pixels
		a.Count = float64(images * pixels)
		a.Inverse = 1 / a.Count
		b.train.Moments(a)
	})
	*a = kernels.Moments{}
	part.centre()
}

// finish gives out the statistics of a block, moves the moving ones, and prepares the coefficients.
func (b *norm) finish(block, _ int) {
	parts := b.parts.in(b.work)
	m := parts[block]
	for g := 1; g < b.split.groups; g++ {
		m.merge(&parts[g*b.split.blocks+block])
	}
	momentum := float64(b.op.Momentum)
	for l := range min(lanes, b.op.C-block*lanes) {
		c := block*lanes + l
		variance := m.sums[1][l] / b.count
		unbiased := variance
		if b.count > 1 {
			unbiased = m.sums[1][l] / (b.count - 1)
		}
		b.mean[c] = float32(m.sums[0][l])
		b.invStd[c] = float32(1 / math.Sqrt(variance+float64(b.op.Eps)))
		b.runMean[c] = float32((1-momentum)*float64(b.runMean[c]) + momentum*m.sums[0][l])
		b.runVar[c] = float32((1-momentum)*float64(b.runVar[c]) + momentum*unbiased)
	}
	b.recall(block)
}

// normalise writes y.
func (b *norm) normalise(chunk, worker int) {
	block, from, to := b.split.at(chunk)
	a := &b.args.of(worker).normalize
	*a = kernels.Normalize{Pixels: b.plane, Image: b.split.blocks * b.plane * vecBytes, Coeffs: &b.coeffs.in(b.work)[block], Clamp: b.clamp}
	for n := from; n < to; n += b.runs.images {
		a.Images = min(b.runs.images, to-n)
		a.X, a.Y = &b.pixels(b.x, n, block)[0][0], &b.pixels(b.y, n, block)[0][0]
		b.train.Normalize(a)
	}
	*a = kernels.Normalize{}
}
