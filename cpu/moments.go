package cpu

// moments are two sums of each of eight channels: of differences and of their squares in the forward pass, of dy and of
// dy*(x-mean) in the backward pass.
type moments struct {
	count float64
	pivot [lanes]float64
	sums  [2][lanes]float64
}

// centre makes of the sums of differences from the pivot the mean and the sum of squared deviations from it.
func (m *moments) centre() {
	for l := range m.pivot {
		difference := m.sums[0][l] / m.count
		m.sums[1][l] = max(0, m.sums[1][l]-difference*m.sums[0][l])
		m.sums[0][l] = m.pivot[l] + difference
	}
}

// merge adds the mean and squared deviations of other values.
func (m *moments) merge(o *moments) {
	if o.count == 0 {
		return
	}
	count := m.count + o.count
	for l := range m.pivot {
		delta := o.sums[0][l] - m.sums[0][l]
		m.sums[0][l] = (m.sums[0][l]*m.count + o.sums[0][l]*o.count) / count // infinite stays infinite
		m.sums[1][l] += o.sums[1][l] + delta*delta*m.count*o.count/count
	}
	m.count = count
}
