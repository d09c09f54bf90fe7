package kernels

import "math"

func moments(a *Moments) {
	var sum [Lanes]float64
	for n := range a.Images {
		addPixels(&sum, planeOf(a.X, n*a.XImage, a.Pixels))
	}
	var mean, squares vec
	for l := range mean {
		mean[l] = float32(sum[l] * a.Inverse)
	}
	for n := range a.Images {
		addSquares(&squares, planeOf(a.X, n*a.XImage, a.Pixels), &mean)
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
		addSquare(&sum[0], v[0]-mean[0])
		addSquare(&sum[1], v[1]-mean[1])
		addSquare(&sum[2], v[2]-mean[2])
		addSquare(&sum[3], v[3]-mean[3])
		addSquare(&sum[4], v[4]-mean[4])
		addSquare(&sum[5], v[5]-mean[5])
		addSquare(&sum[6], v[6]-mean[6])
		addSquare(&sum[7], v[7]-mean[7])
	}
}

func addSquare(sum *float32, d float32) { *sum += d * d }

func gradSums(a *GradSums) {
	var first, second vec
	mean := &a.Coeffs.Mean
	for n := range a.Images {
		x, dy := planeOf(a.X, n*a.XImage, a.Pixels), planeOf(a.DY, n*a.DYImage, a.Pixels)
		for i := range dy {
			addVec(&first, &dy[i])
		}
		for i := range dy {
			g, v := &dy[i], &x[i]
			second[0] += g[0] * (v[0] - mean[0])
			second[1] += g[1] * (v[1] - mean[1])
			second[2] += g[2] * (v[2] - mean[2])
			second[3] += g[3] * (v[3] - mean[3])
			second[4] += g[4] * (v[4] - mean[4])
			second[5] += g[5] * (v[5] - mean[5])
			second[6] += g[6] * (v[6] - mean[6])
			second[7] += g[7] * (v[7] - mean[7])
		}
	}
	a.add(&first, &second)
}

// gradSumsMasked leaves the masked gradients of a few pixels in a buffer for gradSums.
func gradSumsMasked(a *GradSums) {
	var masked [16]vec
	high, part := int64(math.Float32bits(a.Clamp.High))-1, *a
	part.DY, part.Images = &masked[0][0], 1
	for n := range a.Images {
		x, dy := planeOf(a.X, n*a.XImage, a.Pixels), planeOf(a.DY, n*a.DYImage, a.Pixels)
		for len(x) > 0 {
			part.X, part.Pixels = &x[0][0], min(len(x), len(masked))
			for i := range part.Pixels {
				a.Coeffs.mask(&masked[i], &x[i], &dy[i], high)
			}
			gradSums(&part)
			x, dy = x[part.Pixels:], dy[part.Pixels:]
		}
	}
}

func (a *GradSums) add(first, second *vec) {
	sums, products := doubles(a.Sums, 0), doubles(a.Sums, 2*vecBytes)
	for l := range first {
		sums[l] += float64(first[l])
		products[l] += float64(second[l])
	}
}

// output is the unclamped output of lane l. The conversion keeps compilers from rounding it differently in different places.
func (c *NormCoeffs) output(x float32, l int) float32 {
	return float32((x-c.Mean[l])*c.Scale[l]) + c.Shift[l]
}

// mask writes dy where the output is between 0 and the number whose bits are high+1, 0 elsewhere.
func (c *NormCoeffs) mask(g, x, dy *vec, high int64) {
	g[0] = passed(c.output(x[0], 0), dy[0], high)
	g[1] = passed(c.output(x[1], 1), dy[1], high)
	g[2] = passed(c.output(x[2], 2), dy[2], high)
	g[3] = passed(c.output(x[3], 3), dy[3], high)
	g[4] = passed(c.output(x[4], 4), dy[4], high)
	g[5] = passed(c.output(x[5], 5), dy[5], high)
	g[6] = passed(c.output(x[6], 6), dy[6], high)
	g[7] = passed(c.output(x[7], 7), dy[7], high)
}

// passed is dy where 0 < y and the bits of y are at most high, else 0. Positive floats are in the order of their bits, so
// that one unsigned comparison answers for NaN too. Sign extension makes a mask of it without a branch, which would be
// guessed wrong every other time.
func passed(y, dy float32, high int64) float32 {
	below := int64(math.Float32bits(y)-1) - high
	return math.Float32frombits(math.Float32bits(dy) & uint32(below>>63))
}

func normalize(a *Normalize) {
	for n := range a.Images {
		normalizePlane(planeOf(a.Y, n*a.Image, a.Pixels), planeOf(a.X, n*a.Image, a.Pixels), a)
	}
}

func normalizePlane(y, x []vec, a *Normalize) {
	c, low, high := a.Coeffs, a.Clamp.Low, a.Clamp.High
	for i := range y {
		o, v := &y[i], &x[i]
		o[0] = min(max(c.output(v[0], 0), low), high)
		o[1] = min(max(c.output(v[1], 1), low), high)
		o[2] = min(max(c.output(v[2], 2), low), high)
		o[3] = min(max(c.output(v[3], 3), low), high)
		o[4] = min(max(c.output(v[4], 4), low), high)
		o[5] = min(max(c.output(v[5], 5), low), high)
		o[6] = min(max(c.output(v[6], 6), low), high)
		o[7] = min(max(c.output(v[7], 7), low), high)
	}
}

// clampVec is Clamp.vec without branches.
func clampVec(v *vec, c Clamp) {
	if c.Low < -math.MaxFloat32 && c.High > math.MaxFloat32 {
		return
	}
	for l := range v {
		v[l] = min(max(v[l], c.Low), c.High)
	}
}

func normalizeGrad(a *NormalizeGrad) {
	for n := range a.Images {
		x, dy, dx := a.planes(n)
		for i := range dx {
			a.Coeffs.gradient(&dx[i], &x[i], &dy[i])
		}
	}
}

func normalizeGradMasked(a *NormalizeGrad) {
	high := int64(math.Float32bits(a.Clamp.High)) - 1
	for n := range a.Images {
		x, dy, dx := a.planes(n)
		for i := range dx {
			var g vec
			a.Coeffs.mask(&g, &x[i], &dy[i], high)
			a.Coeffs.gradient(&dx[i], &x[i], &g)
		}
	}
}

func (a *NormalizeGrad) planes(n int) (x, dy, dx []vec) {
	return planeOf(a.X, n*a.Image, a.Pixels), planeOf(a.DY, n*a.Image, a.Pixels), planeOf(a.DX, n*a.Image, a.Pixels)
}

// gradient is dx = Scale*g - Offset - (x-Mean)*Slope.
func (c *NormCoeffs) gradient(dx, x, g *vec) {
	dx[0] = c.Scale[0]*g[0] - c.Offset[0] - (x[0]-c.Mean[0])*c.Slope[0]
	dx[1] = c.Scale[1]*g[1] - c.Offset[1] - (x[1]-c.Mean[1])*c.Slope[1]
	dx[2] = c.Scale[2]*g[2] - c.Offset[2] - (x[2]-c.Mean[2])*c.Slope[2]
	dx[3] = c.Scale[3]*g[3] - c.Offset[3] - (x[3]-c.Mean[3])*c.Slope[3]
	dx[4] = c.Scale[4]*g[4] - c.Offset[4] - (x[4]-c.Mean[4])*c.Slope[4]
	dx[5] = c.Scale[5]*g[5] - c.Offset[5] - (x[5]-c.Mean[5])*c.Slope[5]
	dx[6] = c.Scale[6]*g[6] - c.Offset[6] - (x[6]-c.Mean[6])*c.Slope[6]
	dx[7] = c.Scale[7]*g[7] - c.Offset[7] - (x[7]-c.Mean[7])*c.Slope[7]
}
