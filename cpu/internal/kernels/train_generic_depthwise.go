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

// depthwiseRows is Depthwise with the nine taps unrolled where all are inside of the picture.
func depthwiseRows(stride int) func(*Depthwise) {
	return func(a *Depthwise) {
		w, bias := (*[9]vec)(planeOf(a.W, 0, 9)), vecAt(a.Bias, 0)
		for p := range a.Count {
			rows := tableRows(a.X, a.Zero, a.Rows, p)
			for q, y := 0, planeOf(a.Y, p*a.YRow, a.Cols.Output); q < len(y); q++ {
				if left := stride*q - 1; left >= 0 && left+2 < a.Cols.Input {
					nineTaps(&y[q], bias, threeAt(rows[0], left), threeAt(rows[1], left), threeAt(rows[2], left), w)
				} else {
					y[q] = *bias
					for r, row := range rows {
						for s := max(0, -left); s < 3 && left+s < a.Cols.Input; s++ {
							addProducts(&y[q], vecAt(row, (left+s)*vecBytes), &w[3*r+s])
						}
					}
				}
				clampVec(&y[q], a.Clamp)
			}
		}
	}
}

// threeAt returns three pixels of a row.
func threeAt(row *float32, column int) *[3]vec {
	return (*[3]vec)(unsafe.Add(unsafe.Pointer(row), column*vecBytes))
}

// nineTaps is y = bias + sum of x*w.
func nineTaps(y, bias *vec, a, b, c *[3]vec, w *[9]vec) {
	for l := range y {
		y[l] = bias[l] + (a[0][l]*w[0][l] + a[1][l]*w[1][l] + a[2][l]*w[2][l]) +
			(b[0][l]*w[3][l] + b[1][l]*w[4][l] + b[2][l]*w[5][l]) + (c[0][l]*w[6][l] + c[1][l]*w[7][l] + c[2][l]*w[8][l])
	}
}

func depthwiseGradWeight(stride int) func(*DepthwiseGradWeight) {
	return func(a *DepthwiseGradWeight) {
		var sums [9]vec
		outputs := 1 + a.Taps.Middle + a.Taps.Last
		for image := range a.Images {
			x := (*float32)(unsafe.Add(unsafe.Pointer(a.X), image*a.XImage))
			for p := range a.Count {
				rows := tableRows(x, a.Zero, a.Rows, p)
				dy := planeOf(a.DY, image*a.DYImage+p*outputs*vecBytes, outputs)
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
	w := planeOf(a.W, 0, 9)
	for i := range a.Count {
		dy, next := planeOf(a.DY, i*a.DYRow, a.Middle+1), planeOf(a.Next, i*a.DYRow, a.Middle+1)
		width := 2*a.Middle + 1 + a.Even
		dx, odd := planeOf(a.DX, i*a.DXRow, width), planeOf(a.Odd, i*a.DXRow, width)
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
		for q, dy := range planeOf(a.DY, p*outputs*vecBytes, outputs) {
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
