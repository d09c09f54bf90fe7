package kernels

import "unsafe"

// tableRows returns the three input rows of row p of a table of offsets.
func tableRows(x, zero *float32, table *int, p int) (rows [3]*float32) {
	for r, offset := range unsafe.Slice(table, 3*(p+1))[3*p:] {
		rows[r] = zero
		if offset >= 0 {
			rows[r] = (*float32)(unsafe.Add(unsafe.Pointer(x), offset))
		}
	}
	return rows
}

func depthwiseGradWeight(stride int) func(*DepthwiseGradWeight) {
	return func(a *DepthwiseGradWeight) {
		var sums [9]vec
		outputs := 1 + a.Taps.Middle + a.Taps.Last
		for image := range a.Images {
			x := (*float32)(unsafe.Add(unsafe.Pointer(a.X), image*a.XImage))
			for p := range a.Count {
				rows := tableRows(x, a.Zero, a.Rows, p)
				dy := pixels(a.DY, image*a.DYImage+p*outputs*vecBytes, outputs)
				for q := range dy {
					first, last := 0, 2
					if q == 0 {
						first = 1
					}
					if q == 0 && a.Taps.Only == 1 || q > a.Taps.Middle {
						last = 1
					}
					for r, row := range rows {
						for s := first; s <= last; s++ {
							addProducts(&sums[3*r+s], &dy[q], vecAt(row, (stride*q+s-1)*vecBytes))
						}
					}
				}
			}
		}
		for i := range sums {
			to := doubles(a.Sum, 2*i*vecBytes)
			for l, v := range sums[i] {
				to[l] += float64(v)
			}
		}
	}
}

// addProducts is sum += a*b, lane by lane.
func addProducts(sum, a, b *vec) {
	sum[0] += a[0] * b[0]
	sum[1] += a[1] * b[1]
	sum[2] += a[2] * b[2]
	sum[3] += a[3] * b[3]
	sum[4] += a[4] * b[4]
	sum[5] += a[5] * b[5]
	sum[6] += a[6] * b[6]
	sum[7] += a[7] * b[7]
}

func depthwiseGradInput(a *DepthwiseGradInput) {
	w := pixels(a.W, 0, 9)
	for i := range a.Count {
		dy, next := pixels(a.DY, i*a.DYRow, a.Middle+1), pixels(a.Next, i*a.DYRow, a.Middle+1)
		width := 2*a.Middle + 1 + a.Even
		dx, odd := pixels(a.DX, i*a.DXRow, width), pixels(a.Odd, i*a.DXRow, width)
		for c := range width {
			j := c / 2
			var even, below vec
			if c%2 == 0 {
				addProducts(&even, &dy[j], &w[4])
				addProducts(&below, &dy[j], &w[7])
				addProducts(&below, &next[j], &w[1])
			} else {
				addProducts(&even, &dy[j], &w[5])
				addProducts(&below, &dy[j], &w[8])
				addProducts(&below, &next[j], &w[2])
				if j < a.Middle {
					addProducts(&even, &dy[j+1], &w[3])
					addProducts(&below, &dy[j+1], &w[6])
					addProducts(&below, &next[j+1], &w[0])
				}
			}
			dx[c], odd[c] = even, below
		}
	}
}

func stemGradWeight(a *StemGradWeight) {
	var sums [9]vec
	outputs := 1 + a.Taps.Middle + a.Taps.Last
	for p := range a.Count {
		for q, dy := range pixels(a.DY, p*outputs*vecBytes, outputs) {
			first, last := 0, 2
			if q == 0 {
				first = 1
			}
			if q == 0 && a.Taps.Only == 1 || q > a.Taps.Middle {
				last = 1
			}
			for s := first; s <= last; s++ {
				x := vecAt(a.X, p*a.XRow+(2*q+s-1)*vecBytes)
				for c := range 3 {
					addScaled(&sums[3*c+s], x[c], &dy)
				}
			}
		}
	}
	for i := range sums {
		to := doubles(a.Sum, 2*i*vecBytes)
		for l, v := range sums[i] {
			to[l] += float64(v)
		}
	}
}
