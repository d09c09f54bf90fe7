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

// addRun merges the pixels of a run: their mean first, then the deviations from it.
func (m *moments) addRun(run []vec) {
	var sum, deviation, squares vec
	addPixels(&sum, run)
	for l := range sum {
		sum[l] /= float32(len(run))
	}
	addDeviations(&deviation, &squares, run, &sum)
	part := moments{count: float64(len(run))}
	for l := range sum {
		// sum is the mean but for its rounding; the deviations tell the rest.
		rest := float64(deviation[l]) / part.count
		if rest != rest {
			rest = 0 // the mean is infinite, or NaN already
		}
		part.first[l] = float64(sum[l]) + rest
		part.second[l] = float64(squares[l]) - rest*float64(deviation[l])
	}
	m.merge(&part)
}

// addPixels adds up pixels.
func addPixels(sum *vec, pixels []vec) {
	s := *sum
	for i := range pixels {
		x := &pixels[i]
		s[0] += x[0]
		s[1] += x[1]
		s[2] += x[2]
		s[3] += x[3]
		s[4] += x[4]
		s[5] += x[5]
		s[6] += x[6]
		s[7] += x[7]
	}
	*sum = s
}

// addDeviations adds up the deviations from mean and their squares.
func addDeviations(sum, squares *vec, pixels []vec, mean *vec) {
	for i := range pixels {
		x := &pixels[i]
		d0, d1, d2, d3 := x[0]-mean[0], x[1]-mean[1], x[2]-mean[2], x[3]-mean[3]
		d4, d5, d6, d7 := x[4]-mean[4], x[5]-mean[5], x[6]-mean[6], x[7]-mean[7]
		sum[0] += d0
		sum[1] += d1
		sum[2] += d2
		sum[3] += d3
		sum[4] += d4
		sum[5] += d5
		sum[6] += d6
		sum[7] += d7
		squares[0] += d0 * d0
		squares[1] += d1 * d1
		squares[2] += d2 * d2
		squares[3] += d3 * d3
		squares[4] += d4 * d4
		squares[5] += d5 * d5
		squares[6] += d6 * d6
		squares[7] += d7 * d7
	}
}

// gradientRun adds up dy and dy*(x-mean) in float32, for runPixels pixels at most.
type gradientRun struct {
	dy, dyx vec
	pixels  int
}

func (r *gradientRun) add(x, dy []vec, mean *vec) {
	dy = dy[:len(x)]
	s := &r.dy
	t := &r.dyx
	for i := range x {
		v, d := &x[i], &dy[i]
		s[0] += d[0]
		s[1] += d[1]
		s[2] += d[2]
		s[3] += d[3]
		s[4] += d[4]
		s[5] += d[5]
		s[6] += d[6]
		s[7] += d[7]
		t[0] += d[0] * (v[0] - mean[0])
		t[1] += d[1] * (v[1] - mean[1])
		t[2] += d[2] * (v[2] - mean[2])
		t[3] += d[3] * (v[3] - mean[3])
		t[4] += d[4] * (v[4] - mean[4])
		t[5] += d[5] * (v[5] - mean[5])
		t[6] += d[6] * (v[6] - mean[6])
		t[7] += d[7] * (v[7] - mean[7])
	}
	r.pixels += len(x)
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
