package kernels

import "unsafe"

// vec is one pixel of one channel block.
type vec = [Lanes]float32

// Generic returns the set in plain Go, which every machine can run.
func Generic() *Set {
	return &Set{
		Name:      "generic",
		TileRows:  [forms]int{1: 8, 2: 6, 3: 4, 4: 3},
		Pointwise: [forms]func(*Pointwise){1: pointwise(1), 2: pointwise(2), 3: pointwise(3), 4: pointwise(4)},
		Stem:      [forms]func(*Stem){1: stem(1), 2: stem(2), 3: stem(3), 4: stem(4)},
		Depthwise: [3]func(*Depthwise){1: depthwise(1), 2: depthwise(2)},
		MatVec:    matVec,
		Mean:      mean,

		Accumulate: accumulate,
		Pixels:     bytesToPixels,
	}
}

// vecAt returns the eight numbers that lie some bytes from p.
func vecAt(p *float32, bytes int) *vec { return (*vec)(unsafe.Add(unsafe.Pointer(p), bytes)) }

func pointwise(vectors int) func(*Pointwise) {
	return func(a *Pointwise) {
		for v := range vectors {
			for i := range a.Rows.Total {
				at := v*a.YBlock + i*vecBytes
				sum := *vecAt(a.Bias, v*vecBytes)
				for b := range a.Blocks {
					addProduct(&sum, vecAt(a.X, b*a.XBlock+i*vecBytes), a.W, vectors, b*Lanes*vectors+v)
				}
				if a.Add != nil {
					addVec(&sum, vecAt(a.Add, at))
				}
				a.Clamp.vec(&sum)
				*vecAt(a.Y, at) = sum
			}
		}
	}
}

// addProduct is sum[j] += sum over k < 8 of x[k]*w[k][j], where row k of w is the vector first+k*step of the weights.
// The compiler does not use vector registers, so this sums in pairs instead of in order: faster, and closer to exact.
func addProduct(sum, x *vec, weights *float32, step, first int) {
	w0, w1 := vecAt(weights, first*vecBytes), vecAt(weights, (first+step)*vecBytes)
	w2, w3 := vecAt(weights, (first+2*step)*vecBytes), vecAt(weights, (first+3*step)*vecBytes)
	w4, w5 := vecAt(weights, (first+4*step)*vecBytes), vecAt(weights, (first+5*step)*vecBytes)
	w6, w7 := vecAt(weights, (first+6*step)*vecBytes), vecAt(weights, (first+7*step)*vecBytes)
	x0, x1, x2, x3, x4, x5, x6, x7 := x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
	for j := range sum {
		sum[j] += ((x0*w0[j] + x1*w1[j]) + (x2*w2[j] + x3*w3[j])) + ((x4*w4[j] + x5*w5[j]) + (x6*w6[j] + x7*w7[j]))
	}
}

func addVec(sum, v *vec) {
	for j := range sum {
		sum[j] += v[j]
	}
}

// addScaled is sum[j] += x*w[j].
func addScaled(sum *vec, x float32, w *vec) {
	for j := range sum {
		sum[j] += x * w[j]
	}
}

// addTimes is sum[j] += x[j]*w[j].
func addTimes(sum, x, w *vec) {
	for j := range sum {
		sum[j] += x[j] * w[j]
	}
}

// vec clamps in place. A comparison with NaN is false, so NaN stays.
func (c Clamp) vec(v *vec) {
	for j := range v {
		if v[j] < c.Low {
			v[j] = c.Low
		} else if v[j] > c.High {
			v[j] = c.High
		}
	}
}

func depthwise(stride int) func(*Depthwise) {
	return func(a *Depthwise) {
		offsets := unsafe.Slice(a.Rows, 3*a.Count)
		for p := range a.Count {
			var rows [3]*float32
			for r, offset := range offsets[3*p : 3*p+3] {
				rows[r] = a.Zero
				if offset >= 0 {
					rows[r] = (*float32)(unsafe.Add(unsafe.Pointer(a.X), offset))
				}
			}
			for q := range a.Cols.Output {
				sum := *vecAt(a.Bias, 0)
				for r, row := range rows {
					for s := max(0, 1-stride*q); s < 3 && stride*q+s-1 < a.Cols.Input; s++ {
						addTimes(&sum, vecAt(row, (stride*q+s-1)*vecBytes), vecAt(a.W, (3*r+s)*vecBytes))
					}
				}
				a.Clamp.vec(&sum)
				*vecAt(a.Y, p*a.YRow+q*vecBytes) = sum
			}
		}
	}
}

func stem(vectors int) func(*Stem) {
	return func(a *Stem) {
		columns := 1 + a.Rows.Total + a.Odd
		for q := range columns {
			first, end := 0, 3
			if q == 0 {
				first = 1
			} else if q == columns-1 && a.Odd == 1 {
				end = 2
			}
			for v := range vectors {
				sum := *vecAt(a.Bias, v*vecBytes)
				for r, row := range a.X {
					for c := range a.Channels {
						for s := first; s < end; s++ {
							w := vecAt(a.W, (((r*a.Channels+c)*3+s)*vectors+v)*vecBytes)
							addScaled(&sum, vecAt(row, (2*q+s-1)*vecBytes)[c], w)
						}
					}
				}
				a.Clamp.vec(&sum)
				*vecAt(a.Y, v*a.YBlock+q*vecBytes) = sum
			}
		}
	}
}

func matVec(a *MatVec) {
	const vectors = MatVecColumns / Lanes
	for v := range a.Groups * vectors {
		sum := vecAt(a.Y, v*vecBytes)
		for b := range a.K / Lanes {
			first := (v/vectors*a.K+b*Lanes)*vectors + v%vectors
			addProduct(sum, vecAt(a.X, b*vecBytes), a.W, vectors, first)
		}
	}
}

func mean(a *Mean) {
	var sum vec
	for i := range a.Count {
		addVec(&sum, vecAt(a.X, i*vecBytes))
	}
	for j := range sum {
		sum[j] *= a.Scale
	}
	*vecAt(a.Y, 0) = sum
}

func accumulate(a *Accumulate) {
	for i := range a.Count {
		addVec(vecAt(a.Y, i*vecBytes), vecAt(a.X, i*vecBytes))
	}
}

func bytesToPixels(a *Pixels) {
	for i := range a.Count {
		y := vecAt(a.Y, i*vecBytes)
		x := (*[Lanes]uint8)(unsafe.Add(unsafe.Pointer(a.X), i*a.Channels))
		for l, v := range x {
			y[l] = 0
			if a.Mask[l] != 0 {
				q := float32(v) / a.Std[l]
				y[l] = q - a.Shift[l]
			}
		}
	}
}
