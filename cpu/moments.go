package cpu

// moments are two sums of each of eight channels: mean and sum of squared deviations in the forward pass, sum of dy and
// of dy*(x-mean) in the backward pass.
type moments struct {
	count         float64
	first, second [lanes]float64
}

// merge adds the mean and squared deviations of other values.
func (m *moments) merge(o *moments) {
	if o.count == 0 {
		return
	}
	count := m.count + o.count
	for l := range m.first {
		delta := o.first[l] - m.first[l]
		m.first[l] = (m.first[l]*m.count + o.first[l]*o.count) / count // infinite stays infinite
		m.second[l] += o.second[l] + delta*delta*m.count*o.count/count
	}
	m.count = count
}

// add adds plain sums.
func (m *moments) add(o *moments) {
	for l := range m.first {
		m.first[l] += o.first[l]
		m.second[l] += o.second[l]
	}
}

// addRun merges the pixels of a run: their mean first, then the squared deviations from it.
func (m *moments) addRun(run []vec) {
	part := moments{count: float64(len(run))}
	addPixels(&part.first, run)
	var mean, squares vec
	for l := range mean {
		part.first[l] /= part.count
		mean[l] = float32(part.first[l])
	}
	addSquares(&squares, run, &mean)
	for l := range mean {
		rest := part.first[l] - float64(mean[l]) // what rounding took from the mean
		part.second[l] = float64(squares[l]) - part.count*rest*rest
	}
	m.merge(&part)
}

// addPixels adds up pixels.
func addPixels(sum *[lanes]float64, pixels []vec) {
	s0, s1, s2, s3, s4, s5, s6, s7 := sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7]
	for i := range pixels {
		x := &pixels[i]
		s0 += float64(x[0])
		s1 += float64(x[1])
		s2 += float64(x[2])
		s3 += float64(x[3])
		s4 += float64(x[4])
		s5 += float64(x[5])
		s6 += float64(x[6])
		s7 += float64(x[7])
	}
	*sum = [lanes]float64{s0, s1, s2, s3, s4, s5, s6, s7}
}

// addSquares adds up the squared deviations from mean.
func addSquares(sum *vec, pixels []vec, mean *vec) {
	s0, s1, s2, s3, s4, s5, s6, s7 := sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7]
	for i := range pixels {
		x := &pixels[i]
		var d float32
		d = x[0] - mean[0]
		s0 += d * d
		d = x[1] - mean[1]
		s1 += d * d
		d = x[2] - mean[2]
		s2 += d * d
		d = x[3] - mean[3]
		s3 += d * d
		d = x[4] - mean[4]
		s4 += d * d
		d = x[5] - mean[5]
		s5 += d * d
		d = x[6] - mean[6]
		s6 += d * d
		d = x[7] - mean[7]
		s7 += d * d
	}
	*sum = vec{s0, s1, s2, s3, s4, s5, s6, s7}
}

// gradientRun adds up dy and dy*(x-mean) in float32, for runPixels pixels at most.
type gradientRun struct {
	dy, dyx vec
	pixels  int
}

func (r *gradientRun) add(x, dy []vec, mean *vec) {
	addGradients(&r.dy, dy)
	addProducts(&r.dyx, dy, x, mean)
	r.pixels += len(x)
}

// addGradients is sum += dy over pixels. Two loops, here and below, because sixteen sums do not fit the registers.
func addGradients(sum *vec, dy []vec) {
	s0, s1, s2, s3, s4, s5, s6, s7 := sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7]
	for i := range dy {
		d := &dy[i]
		s0 += d[0]
		s1 += d[1]
		s2 += d[2]
		s3 += d[3]
		s4 += d[4]
		s5 += d[5]
		s6 += d[6]
		s7 += d[7]
	}
	*sum = vec{s0, s1, s2, s3, s4, s5, s6, s7}
}

// addProducts is sum += dy*(x-mean) over pixels.
func addProducts(sum *vec, dy, x []vec, mean *vec) {
	s0, s1, s2, s3, s4, s5, s6, s7 := sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7]
	x = x[:len(dy)]
	for i := range dy {
		d, v := &dy[i], &x[i]
		s0 += d[0] * (v[0] - mean[0])
		s1 += d[1] * (v[1] - mean[1])
		s2 += d[2] * (v[2] - mean[2])
		s3 += d[3] * (v[3] - mean[3])
		s4 += d[4] * (v[4] - mean[4])
		s5 += d[5] * (v[5] - mean[5])
		s6 += d[6] * (v[6] - mean[6])
		s7 += d[7] * (v[7] - mean[7])
	}
	*sum = vec{s0, s1, s2, s3, s4, s5, s6, s7}
}

// flush moves the sums to total.
func (r *gradientRun) flush(total *moments) {
	for l := range r.dy {
		total.first[l] += float64(r.dy[l])
		total.second[l] += float64(r.dyx[l])
	}
	*r = gradientRun{}
}

// normalisePixels is y = (x-mean)*scale + shift.
func normalisePixels(y, x []vec, c *normCoeffs) {
	x = x[:len(y)]
	for i := range y {
		o, v := &y[i], &x[i]
		o[0] = (v[0]-c.mean[0])*c.scale[0] + c.shift[0]
		o[1] = (v[1]-c.mean[1])*c.scale[1] + c.shift[1]
		o[2] = (v[2]-c.mean[2])*c.scale[2] + c.shift[2]
		o[3] = (v[3]-c.mean[3])*c.scale[3] + c.shift[3]
		o[4] = (v[4]-c.mean[4])*c.scale[4] + c.shift[4]
		o[5] = (v[5]-c.mean[5])*c.scale[5] + c.shift[5]
		o[6] = (v[6]-c.mean[6])*c.scale[6] + c.shift[6]
		o[7] = (v[7]-c.mean[7])*c.scale[7] + c.shift[7]
	}
}

// gradientPixels is dx = scale*dy - shift - (x-mean)*slope.
func gradientPixels(dx, dy, x []vec, c *normCoeffs) {
	dy, x = dy[:len(dx)], x[:len(dx)]
	for i := range dx {
		o, d, v := &dx[i], &dy[i], &x[i]
		o[0] = c.scale[0]*d[0] - c.shift[0] - (v[0]-c.mean[0])*c.slope[0]
		o[1] = c.scale[1]*d[1] - c.shift[1] - (v[1]-c.mean[1])*c.slope[1]
		o[2] = c.scale[2]*d[2] - c.shift[2] - (v[2]-c.mean[2])*c.slope[2]
		o[3] = c.scale[3]*d[3] - c.shift[3] - (v[3]-c.mean[3])*c.slope[3]
		o[4] = c.scale[4]*d[4] - c.shift[4] - (v[4]-c.mean[4])*c.slope[4]
		o[5] = c.scale[5]*d[5] - c.shift[5] - (v[5]-c.mean[5])*c.slope[5]
		o[6] = c.scale[6]*d[6] - c.shift[6] - (v[6]-c.mean[6])*c.slope[6]
		o[7] = c.scale[7]*d[7] - c.shift[7] - (v[7]-c.mean[7])*c.slope[7]
	}
}
