package cpu

// The loops of batch norm for a caller that has a tile of pixels of one channel block in the cache.

// part returns the sums of a group's channel block.
func (b *norm) part(group, block int) *moments {
	return &b.parts.in(b.work)[group*b.split.blocks+block]
}

// pieces calls f for runs of about runPixels pixels.
func pieces(n int, f func(from, to int)) {
	count := max(1, (n+runPixels/2)/runPixels)
	for i := range count {
		f(part(i, count, n))
	}
}

// addMoments adds the moments of pixels to m. The first pixel that m meets is its pivot.
func (b *norm) addMoments(worker int, m *moments, x []vec) {
	if m.count == 0 {
		for l, v := range x[0] {
			m.pivot[l] = float64(v)
		}
	}
	m.count += float64(len(x))
	a := &b.args.of(worker).moments
	a.Images, a.Pivot, a.Sums = 1, &m.pivot[0], &m.sums[0][0]
	pieces(len(x), func(from, to int) {
		a.X, a.Pixels, a.Count = &x[from][0], to-from, float64(to-from)
		a.Inverse = 1 / a.Count
		b.train.Moments(a)
	})
}

// addGradients adds to m the sums that the gradient of channel block needs: of dy where it passes, and of dy*(x-mean).
func (b *norm) addGradients(worker int, m *moments, block int, x, dy []vec) {
	a := &b.args.of(worker).sums
	a.Images, a.Coeffs, a.Clamp, a.Sums = 1, &b.coeffs.in(b.work)[block], b.clamp, &m.sums[0][0]
	pieces(len(x), func(from, to int) {
		a.X, a.DY, a.Pixels = &x[from][0], &dy[from][0], to-from
		b.train.GradSums[b.masked](a)
	})
}

// normaliseRun writes the output for pixels x of a channel block to y.
func (b *norm) normaliseRun(worker, block int, y, x []vec) {
	a := &b.args.of(worker).normalize
	a.Images, a.Pixels, a.Coeffs, a.Clamp = 1, len(x), &b.coeffs.in(b.work)[block], b.clamp
	a.X, a.Y = &x[0][0], &y[0][0]
	b.train.Normalize(a)
}

// gradientRun writes the gradient of pixels x of a channel block to dx, which may be dy.
func (b *norm) gradientRun(worker, block int, dx, x, dy []vec) {
	a := &b.args.of(worker).gradient
	a.Images, a.Pixels, a.Coeffs, a.Clamp = 1, len(x), &b.coeffs.in(b.work)[block], b.clamp
	a.X, a.DY, a.DX = &x[0][0], &dy[0][0], &dx[0][0]
	b.train.NormalizeGrad[b.masked](a)
}

// forget empties a worker's arguments, which must not point to memory after the Run.
func (b *norm) forget(worker int) { *b.args.of(worker) = normArgs{} }
