package cpu

import (
	"math"

	"mnv2/backend"
)

// batchNorm normalises every channel; the formulas are in [backend.BatchNorm]. A chunk is one block of eight channels over a
// range of images.
//
// Forward takes mean and squared deviations of runs of runPixels pixels, which stay in the first-level cache between the
// two, and merges them in float64 (Chan, Golub and LeVeque 1979), so that a mean far from zero costs no accuracy.
type batchNorm struct {
	*env
	op     backend.BatchNorm
	plane  int
	split  imageSplit
	count  float64 // values of a channel
	size   int64
	parts  section[moments]
	coeffs section[normCoeffs]
	steps  [2]func(chunk, worker int)
	finish func()
}

// runPixels is how many pixels are summed in float32.
const runPixels = 64

// normCoeffs turn x and dy into y or dx, lane by lane. Those beyond the last channel are zero, and so is what comes out.
type normCoeffs struct {
	mean, scale vec
	shift       vec // y = (x-mean)*scale + shift
	slope       vec // dx = scale*dy - shift - (x-mean)*slope
}

func newBatchNorm(o backend.BatchNorm, e *env) (program, string) {
	b := &batchNorm{env: e, op: o, plane: o.H * o.W, split: splitImages(o.N, blocks(o.C)), count: float64(o.N * o.H * o.W)}
	var l layout
	b.coeffs = region[normCoeffs](&l, b.split.blocks)
	switch o.Pass {
	case backend.Forward:
		b.steps, b.finish = [2]func(chunk, worker int){b.measure, b.normalise}, b.finishForward
	case backend.Infer:
		b.steps, b.finish = [2]func(chunk, worker int){nil, b.normalise}, b.prepareInfer
	default:
		b.steps, b.finish = [2]func(chunk, worker int){b.sumGradients, b.gradient}, b.finishBackward
	}
	if o.Pass != backend.Infer {
		b.parts = region[moments](&l, b.split.chunks())
	}
	b.size = l.size
	return b, needBlocks(o.In())
}

func (b *batchNorm) workspace() int64 { return b.size }

func (b *batchNorm) run() error {
	if b.steps[0] != nil {
		b.parallel(b.split.chunks(), b.steps[0])
	}
	b.finish()
	b.parallel(b.split.chunks(), b.steps[1])
	return nil
}

// pixels returns the plane of a channel block of an image within x.
func (b *batchNorm) pixels(x []vec, n, block int) []vec {
	i := (n*b.split.blocks + block) * b.plane
	return x[i : i+b.plane]
}

// part returns what the chunks of a block found, merged in order.
func (b *batchNorm) part(block int) moments {
	parts := b.parts.in(b.work)
	total := parts[block]
	for g := 1; g < b.split.groups; g++ {
		total.merge(&parts[g*b.split.blocks+block])
	}
	return total
}

// measure is the first step of Forward.
func (b *batchNorm) measure(chunk, _ int) {
	block, from, to := b.split.at(chunk)
	var total moments
	var run [runPixels]vec
	n := 0
	for image := from; image < to; image++ {
		pixels := b.pixels(b.vecs(0), image, block)
		for len(pixels) > 0 {
			taken := copy(run[n:], pixels)
			pixels, n = pixels[taken:], n+taken
			if n == runPixels {
				total.addRun(run[:])
				n = 0
			}
		}
	}
	if n > 0 {
		total.addRun(run[:n])
	}
	b.parts.in(b.work)[chunk] = total
}

// finishForward gives out the statistics, moves the moving ones, and prepares the coefficients.
func (b *batchNorm) finishForward() {
	gamma, beta, runMean, runVar := b.f32(1), b.f32(2), b.f32(3), b.f32(4)
	mean, invStd := b.f32(5), b.f32(6)
	momentum := float64(b.op.Momentum)
	for block := range b.split.blocks {
		m := b.part(block)
		for l := range min(lanes, b.op.C-block*lanes) {
			c := block*lanes + l
			variance := m.second[l] / b.count
			unbiased := variance
			if b.count > 1 {
				unbiased = m.second[l] / (b.count - 1)
			}
			mean[c] = float32(m.first[l])
			invStd[c] = float32(1 / math.Sqrt(variance+float64(b.op.Eps)))
			runMean[c] = float32((1-momentum)*float64(runMean[c]) + momentum*m.first[l])
			runVar[c] = float32((1-momentum)*float64(runVar[c]) + momentum*unbiased)
		}
		b.coeffs.in(b.work)[block] = forwardCoeffs(load8(mean, block), load8(invStd, block), load8(gamma, block), load8(beta, block))
	}
}

// prepareInfer makes the coefficients of the moving statistics.
func (b *batchNorm) prepareInfer() {
	for block := range b.split.blocks {
		variance := load8(b.f32(4), block)
		var invStd vec
		for l, v := range variance {
			invStd[l] = float32(1 / math.Sqrt(float64(v)+float64(b.op.Eps)))
		}
		b.coeffs.in(b.work)[block] = forwardCoeffs(load8(b.f32(3), block), invStd, load8(b.f32(1), block), load8(b.f32(2), block))
	}
}

func forwardCoeffs(mean, invStd, gamma, beta vec) normCoeffs {
	c := normCoeffs{mean: mean, shift: beta}
	for l := range gamma {
		c.scale[l] = gamma[l] * invStd[l]
	}
	return c
}

// normalise is the second step of Forward and all of Infer.
func (b *batchNorm) normalise(chunk, _ int) {
	block, from, to := b.split.at(chunk)
	coeffs := &b.coeffs.in(b.work)[block]
	y := len(b.operands) - 1
	for n := from; n < to; n++ {
		normalisePixels(b.pixels(b.vecs(y), n, block), b.pixels(b.vecs(0), n, block), coeffs)
	}
}

// sumGradients is the first step of Backward: the sums of dy and of dy*(x-mean).
func (b *batchNorm) sumGradients(chunk, _ int) {
	block, from, to := b.split.at(chunk)
	mean := load8(b.f32(3), block)
	var total moments
	var run gradientRun
	for n := from; n < to; n++ {
		x, dy := b.pixels(b.vecs(0), n, block), b.pixels(b.vecs(1), n, block)
		for len(x) > 0 {
			taken := min(len(x), runPixels-run.pixels)
			run.add(x[:taken], dy[:taken], &mean)
			x, dy = x[taken:], dy[taken:]
			if run.pixels == runPixels {
				run.flush(&total)
			}
		}
	}
	run.flush(&total)
	b.parts.in(b.work)[chunk] = total
}

// finishBackward gives out the gradients of the parameters and prepares the coefficients.
func (b *batchNorm) finishBackward() {
	gamma, invStd, dGamma, dBeta := b.f32(2), b.f32(4), b.f32(6), b.f32(7)
	for block := range b.split.blocks {
		sums := b.parts.in(b.work)[block]
		for g := 1; g < b.split.groups; g++ {
			sums.add(&b.parts.in(b.work)[g*b.split.blocks+block])
		}
		c := normCoeffs{mean: load8(b.f32(3), block)}
		for l := range min(lanes, b.op.C-block*lanes) {
			i := block*lanes + l
			inv := float64(invStd[i])
			scale := float64(gamma[i]) * inv
			dBeta[i] = float32(sums.first[l])
			dGamma[i] = float32(sums.second[l] * inv)
			c.scale[l] = float32(scale)
			c.shift[l] = float32(scale * sums.first[l] / b.count)
			c.slope[l] = float32(scale * sums.second[l] * inv * inv / b.count)
		}
		b.coeffs.in(b.work)[block] = c
	}
}

// gradient is the second step of Backward.
func (b *batchNorm) gradient(chunk, _ int) {
	block, from, to := b.split.at(chunk)
	coeffs := &b.coeffs.in(b.work)[block]
	for n := from; n < to; n++ {
		gradientPixels(b.pixels(b.vecs(5), n, block), b.pixels(b.vecs(1), n, block), b.pixels(b.vecs(0), n, block), coeffs)
	}
}
