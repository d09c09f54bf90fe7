package kernels

import "math"

func moments(a *Moments) {
	var sum [Lanes]float64
	for n := range a.Images {
		addPixels(&sum, pixels(a.X, n*a.XImage, a.Pixels))
	}
	var mean, squares vec
	for l := range mean {
		mean[l] = float32(sum[l] * a.Inverse)
	}
	for n := range a.Images {
		addSquares(&squares, pixels(a.X, n*a.XImage, a.Pixels), &mean)
	}
	pivot, sums, total := doubles(a.Pivot, 0), doubles(a.Sums, 0), doubles(a.Sums, 2*vecBytes)
	for l := range mean {
		difference := sum[l] - a.Count*pivot[l]
		rest := sum[l]*a.Inverse - float64(mean[l]) // what rounding took from the mean
		sums[l] += difference
		total[l] += float64(squares[l]) - a.Count*rest*rest + difference*difference*a.Inverse
	}
}

// addPixels adds up pixels.
func addPixels(sum *[Lanes]float64, x []vec) {
	s0, s1, s2, s3, s4, s5, s6, s7 := sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7]
	for i := range x {
		v := &x[i]
		s0 += float64(v[0])
		s1 += float64(v[1])
		s2 += float64(v[2])
		s3 += float64(v[3])
		s4 += float64(v[4])
		s5 += float64(v[5])
		s6 += float64(v[6])
		s7 += float64(v[7])
	}
	*sum = [Lanes]float64{s0, s1, s2, s3, s4, s5, s6, s7}
}

// addSquares adds up the squared deviations from mean.
func addSquares(sum *vec, x []vec, mean *vec) {
	for i := range x {
		v := &x[i]
		d := vec{v[0] - mean[0], v[1] - mean[1], v[2] - mean[2], v[3] - mean[3],
			v[4] - mean[4], v[5] - mean[5], v[6] - mean[6], v[7] - mean[7]}
		addProducts(sum, &d, &d)
	}
}

func gradSums(a *GradSums) {
	var first, second vec
	for n := range a.Images {
		x, dy := pixels(a.X, n*a.XImage, a.Pixels), pixels(a.DY, n*a.DYImage, a.Pixels)
		for i := range dy {
			addVec(&first, &dy[i])
		}
		for i := range dy {
			c := centred(&x[i], &a.Coeffs.Mean)
			addProducts(&second, &dy[i], &c)
		}
	}
	a.add(&first, &second)
}

func gradSumsMasked(a *GradSums) {
	var first, second vec
	for n := range a.Images {
		x, dy := pixels(a.X, n*a.XImage, a.Pixels), pixels(a.DY, n*a.DYImage, a.Pixels)
		for i := range dy {
			c := centred(&x[i], &a.Coeffs.Mean)
			g := a.Coeffs.mask(&c, &dy[i], a.Clamp)
			addVec(&first, &g)
			addProducts(&second, &g, &c)
		}
	}
	a.add(&first, &second)
}

func (a *GradSums) add(first, second *vec) {
	sums, products := doubles(a.Sums, 0), doubles(a.Sums, 2*vecBytes)
	for l := range first {
		sums[l] += float64(first[l])
		products[l] += float64(second[l])
	}
}

// centred is x - mean.
func centred(x, mean *vec) vec {
	return vec{x[0] - mean[0], x[1] - mean[1], x[2] - mean[2], x[3] - mean[3],
		x[4] - mean[4], x[5] - mean[5], x[6] - mean[6], x[7] - mean[7]}
}

// output is the unclamped output for a centred input. The conversion keeps compilers from rounding it differently in
// different places.
func (c *NormCoeffs) output(centred *vec, l int) float32 {
	return float32(centred[l]*c.Scale[l]) + c.Shift[l]
}

// mask returns dy where the output is between the limits, 0 elsewhere.
func (c *NormCoeffs) mask(centred, dy *vec, limits Clamp) (g vec) {
	if limits.Low != 0 {
		for l := range g {
			if y := c.output(centred, l); y > limits.Low && y < limits.High {
				g[l] = dy[l]
			}
		}
		return g
	}
	high := int64(math.Float32bits(limits.High)) - 1
	for l := range g {
		g[l] = passed(c.output(centred, l), dy[l], high)
	}
	return g
}

// passed is dy where 0 < y and the bits of y are at most high, else 0. Positive floats are in the order of their bits, so
// that one unsigned comparison answers for NaN too. Sign extension makes a mask of it without a branch, which would be
// guessed wrong every other time.
func passed(y, dy float32, high int64) float32 {
	below := int64(math.Float32bits(y)-1) - high
	return math.Float32frombits(math.Float32bits(dy) & uint32(below>>63))
}

func normalize(a *Normalize) {
	x, y := pixels(a.X, 0, a.Count), pixels(a.Y, 0, a.Count)
	for i := range y {
		c := centred(&x[i], &a.Coeffs.Mean)
		for l := range c {
			c[l] = a.Coeffs.output(&c, l)
		}
		clampVec(&c, a.Clamp)
		y[i] = c
	}
}

// clampVec is Clamp.vec without branches.
func clampVec(v *vec, c Clamp) {
	for l := range v {
		v[l] = min(max(v[l], c.Low), c.High)
	}
}

func normalizeGrad(a *NormalizeGrad) {
	x, dy, dx := pixels(a.X, 0, a.Count), pixels(a.DY, 0, a.Count), pixels(a.DX, 0, a.Count)
	for i := range dx {
		c := centred(&x[i], &a.Coeffs.Mean)
		a.Coeffs.gradient(&dx[i], &c, &dy[i])
	}
}

func normalizeGradMasked(a *NormalizeGrad) {
	x, dy, dx := pixels(a.X, 0, a.Count), pixels(a.DY, 0, a.Count), pixels(a.DX, 0, a.Count)
	for i := range dx {
		c := centred(&x[i], &a.Coeffs.Mean)
		g := a.Coeffs.mask(&c, &dy[i], a.Clamp)
		a.Coeffs.gradient(&dx[i], &c, &g)
	}
}

// gradient is dx = Scale*g - Offset - centred*Slope.
func (c *NormCoeffs) gradient(dx, centred, g *vec) {
	for l := range dx {
		dx[l] = c.Scale[l]*g[l] - c.Offset[l] - centred[l]*c.Slope[l]
	}
}
